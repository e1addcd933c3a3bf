/// The HTML of every letter. Tables and inline CSS, because mail programs know little else; the rules in the head are for dark mode and
/// telephones, and nothing is lost where they are ignored. Triple braces throughout: the values are `Markup`, escaped already.
enum Template {
  private static let text =
    // The fonts of emoji stand last: they have figures and spaces too, and where no other was found, these would be taken from them.
    "font-family:-apple-system,'Segoe UI',Inter,Roboto,Helvetica,Arial,sans-serif,"
    + "'Apple Color Emoji','Segoe UI Emoji','Noto Color Emoji'"
  private static let pill =
    "display:inline-block;padding:7px 15px;border:1px solid #d3d8de;border-radius:18px;font-size:14px;line-height:18px;"
    + "color:#1f5fae;text-decoration:none;margin:0 8px 0 0"

  static let letter = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="supported-color-schemes" content="light dark">
    <title>{{{subject}}}</title>
    <style>
    :root { color-scheme: light dark; supported-color-schemes: light dark; }
    @media (prefers-color-scheme: dark) {
      .page { background: #121416 !important; }
      .card { background: #1c1f23 !important; border-color: #2d3238 !important; }
      .rule { border-color: #2d3238 !important; }
      .ink { color: #e9ebee !important; }
      .faint { color: #9aa4af !important; }
      .pill { color: #9cc4f5 !important; border-color: #3b424a !important; }
      .heart { color: #f06595 !important; }
    }
    @media (max-width: 480px) {
      .page { padding: 0 !important; }
      .card { border-radius: 0 !important; border-left: 0 !important; border-right: 0 !important; }
      .inset { padding-left: 18px !important; padding-right: 18px !important; }
    }
    </style>
    </head>
    <body class="page" style="margin:0;padding:0;background:#eef0f3;-webkit-text-size-adjust:100%">
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
    <td class="page" align="center" style="padding:24px 8px;background:#eef0f3">
    <table role="presentation" class="card" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px;\
    background:#ffffff;border:1px solid #e1e5ea;border-radius:14px;border-collapse:separate;\(text)">
    <tr><td class="inset ink" style="padding:26px 24px 20px;color:#1b1f24;font-size:22px;line-height:29px;font-weight:700;\
    letter-spacing:-0.2px">{{{title}}}
    {{#subtitle}}<span class="faint" style="display:block;color:#66707c;font-size:15px;line-height:22px;font-weight:400;\
    letter-spacing:0">{{{subtitle}}}</span>{{/subtitle}}
    {{#hints}}{{#words}}<div class="faint" style="padding-top:10px;color:#66707c;font-size:14px;line-height:20px;font-weight:400;\
    letter-spacing:0">{{{words}}}</div>{{/words}}
    {{#examples}}<span class="faint" style="display:inline-block;padding:5px 16px 0 0;color:#66707c;font-family:ui-monospace,Menlo,\
    Consolas,monospace;font-size:13px;line-height:19px;font-weight:400;letter-spacing:0">{{{.}}}</span>
    {{/examples}}{{/hints}}
    </td></tr>
    {{#sections}}
    <tr><td class="inset rule" style="padding:20px 24px 22px;border-top:1px solid #e8ebef">
    {{#head}}<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
    {{#portrait}}<td width="52" valign="top" style="width:52px"><div style="width:40px;height:40px;border-radius:20px;\
    background:{{{colour}}};color:#ffffff;font-size:17px;line-height:40px;font-weight:600;text-align:center">{{{initial}}}</div></td>
    {{/portrait}}<td valign="middle" class="faint" style="color:#66707c;font-size:14px;line-height:20px">\
    <span style="font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px">{{{sectionMarker}}}</span>\
    <span class="ink" dir="auto" style="color:#1b1f24;font-size:16px;font-weight:600">{{{who}}}</span>
    <br>{{{what}}}</td></tr></table>{{/head}}
    {{#paragraphs}}<p class="ink" dir="auto" style="margin:12px 0 0;color:#1b1f24;font-size:16px;line-height:24px;\
    word-break:break-word">{{{paragraph}}}</p>
    {{/paragraphs}}
    {{#large}}<img src="cid:{{{name}}}" width="{{{width}}}" height="{{{height}}}" alt="{{{says}}}" style="display:block;\
    width:100%;max-width:{{{width}}}px;height:auto;margin-top:14px;border:0;border-radius:10px">{{/large}}
    {{#rows}}<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:10px"><tr>
    {{#photos}}<td width="50%" valign="top" style="width:50%;padding-right:8px"><img src="cid:{{{name}}}" width="268" \
    alt="{{{says}}}" style="display:block;width:100%;max-width:{{{width}}}px;height:auto;border:0;border-radius:10px"></td>
    {{/photos}}</tr></table>{{/rows}}
    {{#said}}<p class="faint" style="margin:10px 0 0;color:#66707c;font-size:14px;line-height:20px">{{{.}}}</p>
    {{/said}}
    {{#tally}}<p class="faint" style="margin:12px 0 0;color:#66707c;font-size:14px;line-height:20px">{{{tally}}}</p>{{/tally}}
    {{#bar}}<div style="padding-top:14px;line-height:42px">{{#buttons}}<a class="pill{{#heart}} heart{{/heart}}" href="{{{target}}}" style="\(pill){{#heart}};color:#d6336c{{/heart}}">{{{label}}}</a> \
    {{/buttons}}</div>{{/bar}}
    </td></tr>
    {{/sections}}
    {{#list}}
    <tr><td class="inset rule" style="padding:18px 24px 20px;border-top:1px solid #e8ebef">
    {{#above}}<div class="faint" style="color:#66707c;font-size:14px;line-height:20px;padding-bottom:4px">{{{above}}}</div>{{/above}}
    {{#lines}}<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
    <td class="ink" dir="auto" style="padding:6px 0;color:#1b1f24;font-size:15px;line-height:22px">\
    <span class="faint" style="color:#66707c;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px">{{{lineMarker}}}</span>\
    {{{line}}} <span style="white-space:nowrap">{{#actions}}<a class="pill" href="{{{target}}}" style="color:#1f5fae;\
    font-size:14px;text-decoration:none;padding-left:10px">{{{label}}}</a> {{/actions}}</span></td></tr></table>
    {{/lines}}
    {{#remainder}}<div class="faint" style="color:#66707c;font-size:14px;line-height:20px;padding-top:6px">{{{remainder}}}</div>\
    {{/remainder}}
    </td></tr>
    {{/list}}
    <tr><td class="inset rule faint" style="padding:16px 24px 20px;border-top:1px solid #e8ebef;color:#66707c;font-size:13px;\
    line-height:20px">
    {{#orders}}{{{purpose}}}: reply &quot;<a class="pill" href="{{{destination}}}" style="color:#1f5fae;\
    text-decoration:none">{{{order}}}</a>&quot; &nbsp; {{/orders}}
    <div style="padding-top:4px;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12px">{{{reference}}}</div>
    </td></tr>
    </table>
    </td></tr></table>
    </body>
    </html>

    """
}
