// GMime's casts and type checks are macros, which Swift cannot see.
#pragma once
#include <gmime/gmime.h>
#include <iconv.h>

/// The mailbox's addr-spec, or NULL for a group.
static inline const char *sgmime_mailbox_address(InternetAddress *address) {
  return INTERNET_ADDRESS_IS_MAILBOX(address) ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address)) : NULL;
}

/// The group's members, or NULL for a mailbox. The address keeps them.
static inline InternetAddressList *sgmime_group_members(InternetAddress *address) {
  return INTERNET_ADDRESS_IS_GROUP(address) ? internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)) : NULL;
}
