internal import CCurl

extension CurlHandle {
  /// Runs what was configured, and lets `exchange` hear the server's lines.
  func perform(hearing exchange: Exchange) -> CURLcode {
    let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
    unsafe scurl_set_pointer(raw, CURLOPT_HEADERDATA, context)
    unsafe scurl_set_data_callback(raw, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      guard let bytes = unsafe bytes, let context = unsafe context else { return size * count }
      let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
      unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue().hear(Array(line))
      return size * count
    }
    let code = withExtendedLifetime(exchange) { perform() }
    unsafe scurl_set_pointer(raw, CURLOPT_HEADERDATA, nil)
    unsafe scurl_set_pointer(raw, CURLOPT_READDATA, nil)
    return code
  }

  /// Sends one mail.
  func upload(
    _ exchange: Exchange, from: String, _ recipients: UnsafeMutablePointer<curl_slist>, size: Int
  ) -> CURLcode {
    set(CURLOPT_UPLOAD, 1)
    set(CURLOPT_MAIL_FROM, from)
    unsafe scurl_set_list(raw, CURLOPT_MAIL_RCPT, recipients)
    unsafe scurl_set_off(raw, CURLOPT_INFILESIZE_LARGE, curl_off_t(size))
    unsafe scurl_set_pointer(raw, CURLOPT_READDATA, Unmanaged.passUnretained(exchange).toOpaque())
    unsafe scurl_set_data_callback(raw, CURLOPT_READFUNCTION) { buffer, size, count, context in
      guard let buffer = unsafe buffer, let context = unsafe context else { return Int(CURL_READFUNC_ABORT) }
      guard let piece = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue().next(atMost: size * count)
      else { return Int(CURL_READFUNC_ABORT) }
      unsafe UnsafeMutableRawPointer(buffer).copyMemory(from: piece, byteCount: piece.count)
      return piece.count
    }
    defer { unsafe scurl_set_list(raw, CURLOPT_MAIL_RCPT, nil) }
    return perform(hearing: exchange)
  }
}
