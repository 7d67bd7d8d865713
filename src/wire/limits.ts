/**
 * Every number of the protocol, in one place; docs/protocol.md quotes them and a test holds the two together.
 * Bytes, counts and milliseconds, as the names say. Those of a specification we follow stand apart from our own.
 */

// --- Fixed by a specification ---

/** RFC 5280 allows up to 20 octets; 16 are unpredictable enough. */
export const SERIAL_BYTES = 16;

// --- Frames and messages ---

/** Protocol versions this build speaks, newest first. */
export const PROTOCOL_VERSIONS: readonly number[] = [1];
/** Largest frame on any TLS channel: a page of mailbox entries, a group's Welcome, a chunk of an upload. */
export const FRAME_BYTES = 1 << 20;
/** Largest frame before a channel's hello has been accepted. */
export const HELLO_FRAME_BYTES = 16 << 10;
/** Nesting of a message: envelope, params, list, item, field, and room for two more. */
export const CBOR_DEPTH = 8;
/** Data items in one message, containers included. */
export const CBOR_ITEMS = 20_000;
/** Requests one side may have unanswered on a channel. */
export const REQUESTS_IN_FLIGHT = 256;
/** A request without an answer for this long has failed. */
export const REQUEST_TIMEOUT_MS = 15_000;
/** From accept to a judged hello; a slower socket is closed. */
export const HANDSHAKE_TIMEOUT_MS = 8_000;
/** Silence after which a ping is sent, after which people are told, and after which the channel is given up. */
export const PING_AFTER_MS = 1_000;
export const SILENT_AFTER_MS = 2_000;
export const LOST_AFTER_MS = 8_000;

// --- Names and texts ---

export const NAME_CHARS = 32;
/** One message's text, in UTF-8 bytes. */
export const TEXT_BYTES = 16 << 10;
export const EMAIL_CHARS = 254;
export const REASON_CHARS = 200;
export const DEVICE_LABEL_CHARS = 64;
/** The longest life a message can be given, in seconds: a year. */
export const EXPIRE_MAX_SECONDS = 366 * 86_400;
/** What a poll offers, and how long the question and each answer may be, in UTF-8 bytes. */
export const POLL_OPTIONS = 12;
export const POLL_QUESTION_BYTES = 1 << 10;
export const POLL_OPTION_BYTES = 384;
/** People whose answers a device keeps: as many as a conversation has. */
export const POLL_VOTERS = 1024;
/** Messages pinned in one conversation. */
export const PINS = 32;
/** While somebody types it is said so often at most, and holds so long. */
export const TYPING_EVERY_MS = 3_000;
export const TYPING_FOR_MS = 6_000;

// --- Accounts, certificates ---

export const DEVICES_PER_ACCOUNT = 16;
/** How far a direct conversation's number may leap: over groups made between a directory's backup and its restore. */
export const DIRECT_LEAP = 1_024;
/** Names of a run of a program on a profile, and how many a device tells of. */
export const RUN_BYTES = 16;
export const RUNS_TOLD = 32;
/** Devices that are no more, which an account is told of. */
export const DEVICES_FORMER = 32;
export const ENDPOINTS_PER_DEVICE = 16;
/** Life of a device certificate, and the age after which a revocation list opens no new session. */
export const CERTIFICATE_LIFETIME_MS = 72 * 3_600_000;
export const CRL_MAX_AGE_MS = 72 * 3_600_000;
/** Clocks may differ by this much, either way. */
export const CLOCK_SKEW_MS = 5 * 60_000;
export const CERTIFICATE_BYTES = 4 << 10;
export const CSR_BYTES = 4 << 10;
export const CRL_BYTES = 512 << 10;
/** What a directory puts on its list at most: those who read it take half as much again. */
export const CRL_ENTRIES = 9_000;
/** Changes of the list told in one notice; where there are more, the list itself is told. */
export const CRL_DELTA_ENTRIES = 256;

/** What an account's devices share of what its person wants: switches, people and conversations muted or blocked. */
export const PREFERENCES_ITEMS = 512;
export const PREFERENCES_BYTES = 96 << 10;

// --- Login guard (defaults; the operator may change the first two) ---

export const BLOCK_AFTER_FAILURES = 3;
export const BLOCK_MS = 10_000;
/** Repeated blocks double up to this. */
export const BLOCK_MAX_MS = 15 * 60_000;

// --- Second factor ---

/** RFC 6238's default step, and what RFC 4226 recommends for a secret: every app knows no other. */
export const FACTOR_STEP_MS = 30_000;
export const FACTOR_CODE_DIGITS = 6;
export const FACTOR_SECRET_BYTES = 20;
/** Steps before and after the current one whose codes count. */
export const FACTOR_WINDOW = 1;
/** Codes for whoever has lost the app; each opens once. */
export const FACTOR_RECOVERY_CODES = 10;

// --- Key packages ---

export const KEY_PACKAGE_BYTES = 16 << 10;
/** What a device keeps published, and the level at which it publishes more. */
export const KEY_PACKAGES_KEPT = 32;
export const KEY_PACKAGES_LOW = 12;
export const KEY_PACKAGE_LIFETIME_MS = 30 * 24 * 3_600_000;
/** The one that is given out again when no other is left (RFC 9420 §16.8): how long it lives, and when it is exchanged. */
export const LAST_RESORT_LIFETIME_MS = 366 * 24 * 3_600_000;
export const LAST_RESORT_EVERY_MS = 7 * 24 * 3_600_000;
/** Of those that are given out once, one account gets so many of one device at once, and one more in this time. */
export const KEY_PACKAGES_SHARE = 8;
export const KEY_PACKAGES_SHARE_MS = 10 * 60_000;

// --- Conversations (MLS, RFC 9420) ---

/** Any MLS message: the largest is a Welcome, which carries the whole ratchet tree. */
export const MLS_MESSAGE_BYTES = 1 << 20;
/** Leaves of a ratchet tree, blank ones included. */
export const MLS_LEAVES = 1024;
/** Epochs before the current one whose messages can still be opened. */
export const MLS_PAST_EPOCHS = 4;
/** Keys kept of one sender and epoch for messages that were overtaken by later ones. */
export const MLS_SKIPPED_GENERATIONS = 64;
/** How many generations one message may be ahead of the last one of its sender. */
export const MLS_FORWARD_GENERATIONS = 1000;
/** Plaintext is padded to a multiple of this, so that lengths say little. */
export const MLS_PADDING_BYTES = 256;

// --- Mailbox and group logs ---

/** One sealed message, Welcome or commit. */
export const SEALED_BYTES = 256 << 10;
export const MAILBOX_ENTRIES = 10_000;
export const MAILBOX_BYTES = 64 << 20;
export const MAILBOX_PAGE = 64;
/** For a device that may come back: what is sealed for it is kept so long, and so is what its sender owes it. */
export const MAIL_KEPT_MS = 90 * 24 * 3_600_000;
export const GROUP_LOG_PAGE = 64;

// --- Named groups ---

/** One act of a group or of the directory's ledger, with its certificate and seals. */
export const ACT_BYTES = 8 << 10;
export const ACTS_PAGE = 64;
/** What a newcomer needs: a group info or a Welcome, each with the whole tree. */
export const GROUP_INFO_BYTES = 640 << 10;
/** What a group's log keeps; members who were away for longer join again. */
export const GROUP_LOG_ENTRIES = 20_000;
export const GROUP_LOG_BYTES = 256 << 20;
/** Groups an account may be in. */
export const GROUPS_PER_ACCOUNT = 512;
/** Open groups of a directory: everybody is shown them, beside the own ones. */
export const OPEN_GROUPS = 512;
export const GROUPS_LISTED = GROUPS_PER_ACCOUNT + OPEN_GROUPS;
/** Of these, rooms there are from the beginning. */
export const ROOMS = 64;
/** What a signal says is padded to this, so that it doesn't tell what it is. */
export const SIGNAL_BYTES = 96;
/** A signal as it travels: besides, its author, the proofs and the seal. */
export const SIGNAL_SEALED_BYTES = 640;
/** In larger groups nothing is signalled: each would reach everybody. */
export const SIGNAL_MEMBERS = 50;

// --- Uploads to groups ---

/** Content of one block of an upload, before sealing; the last one may be shorter. */
export const UPLOAD_BLOCK_BYTES = 128 << 10;
/** Blocks of one upload: 64 GiB. What a directory really takes is its operator's to say. */
export const UPLOAD_BLOCKS = 1 << 19;
/** Uploads one group may have at a time. */
export const UPLOADS_PER_GROUP = 1_000;
/** Blocks which one device may have under way to the directory. */
export const UPLOADS_IN_FLIGHT = 16;

// --- Backups ---

/** A piece of a backup is closed once it holds this much, before sealing: so it holds this and one more record at most. */
export const BACKUP_PIECE_BYTES = 64 << 10;
/** One record of a backup: what a profile keeps as a row. */
export const BACKUP_RECORD_BYTES = 4 << 20;
/** A piece of history on its way to another device of the account. */
export const HISTORY_PIECE_BYTES = 640 << 10;

// --- Deposits: files laid down for somebody who is away ---

/** Content of one block, before sealing: a multiple of every block of a transfer, which it becomes. */
export const DEPOSIT_BLOCK_BYTES = 256 << 10;
/** Blocks of one deposit: 64 GiB. */
export const DEPOSIT_BLOCKS = 1 << 18;
/** People for whom one may be: the others of a group. */
export const DEPOSIT_PEOPLE = 1_024;
/** Deposits that may wait for one person. */
export const DEPOSITS_PER_PERSON = 256;

// --- Links for guests ---

/** Links of one account, those that are over and not forgotten included. */
export const GUEST_LINKS = 128;
/** Uses of one link. */
export const GUEST_COUNT = 256;
/** What a link says to who opens it, before sealing: padded to this, so that it doesn't tell how long a name is. */
export const GUEST_WORDS_BYTES = 512;
/** The same, sealed. */
export const GUEST_HEAD_BYTES = 600;
/** Files handed in that are told of at once. */
export const GUEST_DROPS = 16;
/** A public key of P-256, and what is sealed to one begins with, not compressed. */
export const GUEST_KEY_BYTES = 65;
/** What links begin with. */
export const GUEST_URL_BYTES = 256;

// --- Rates ---

/** Messages a user may post through the directory in one second, on average and at once. */
export const MESSAGES_PER_SECOND = 20;
export const MESSAGES_BURST = 40;
/** Signals likewise. */
export const SIGNALS_PER_SECOND = 2;
export const SIGNALS_BURST = 10;

// --- Transfers (docs/protocol-transfer.md) ---

export const TRANSFER_VERSION = 1;
/** Content of one block, before sealing: what a manifest may say. The last block may be shorter. */
export const BLOCK_BYTES: readonly number[] = [64 << 10, 128 << 10, 256 << 10];
/** Blocks in one transfer: 4 TiB of the largest. */
export const TRANSFER_BLOCKS = 1 << 24;
export const TRANSFER_FILES = 2_048;
export const TRANSFER_PATH_BYTES = 1_024;
export const TRANSFER_PATH_DEPTH = 16;
export const MANIFEST_BYTES = 192 << 10;
/** What an offer says besides the list: times, execute bits, empty folders, and what isn't sent. */
export const SHAPE_BYTES = 48 << 10;
export const SHAPE_FOLDERS = 512;
export const SHAPE_LEFT_OUT = 128;
/** Addresses one side of a transfer names. */
export const TRANSFER_CANDIDATES = 16;
/** Every path carries this much (RFC 9000 §14), and handshakes are padded to it. */
export const DATAGRAM_MIN_BYTES = 1_200;
/** IPv4's largest UDP payload; what a length of two bytes could say beyond it is refused. */
export const DATAGRAM_MAX_BYTES = 65_507;
/** Until an address has answered, at most this many times what came from it goes out to it (RFC 9000 §8). */
export const AMPLIFICATION = 3;
/**
 * What goes to a host that has not shown that it receives there, besides that: ten Initials, the first of them in two seconds,
 * so that a handshake gets through 30 % loss and a hole can be punched. And to all such hosts of a network, an IPv4 /24 or an
 * IPv6 /64: four addresses' worth, which is what one person's machine has. Both fill again within UNPROVED_REFILL_MS, which is
 * an Initial a minute for a host.
 */
export const UNPROVED_HOST_BYTES = 12_000;
export const UNPROVED_NETWORK_BYTES = 48_000;
export const UNPROVED_REFILL_MS = 600_000;
/** A host which has shown it counts as there until nothing has come from it for so long. */
export const PROVED_FOR_MS = 600_000;
/** A session whose initiator has not said a word by then is forgotten. */
export const UNCONFIRMED_MS = 4_000;
/** Ranges in one acknowledgement, and in one list of wanted blocks. */
export const ACK_RANGES = 192;
export const WANT_RANGES = 64;
/** Packets in one session; beyond it the session is renewed. */
export const SESSION_PACKETS = 2 ** 31;
/** From the first probe to the verdict that datagrams do not get through. */
export const UDP_BLOCKED_MS = 2_000;
/** A cookie proves an address for this long. */
export const COOKIE_LIFETIME_MS = 10_000;

// --- Relays (docs/protocol.md) ---

export const RELAY_VERSION = 1;
/** A statement that the directory signs for two devices and a relay, and for how long it holds. */
export const RELAY_TOKEN_BYTES = 512;
export const RELAY_TOKEN_MS = 10 * 60_000;
/** Relays a directory names to its devices, and those it gives tokens for when two devices ask. */
export const RELAYS = 16;
export const RELAYS_PER_PAIR = 2;
/** Kinds of traffic between two devices that a relay keeps apart: 0 is transfers, 1 message links. */
export const RELAY_LANES = 4;
/** A device of which a relay has heard nothing for so long is forgotten; it says a word every RELAY_KEEP_MS. */
export const RELAY_IDLE_MS = 60_000;
export const RELAY_KEEP_MS = 15_000;

// --- Adding a device, and joining, by a few words ---

/** A code is good for so long, and for one try. */
export const PAIRING_MS = 600_000;
export const PAIRING_WORDS = 3;
/** Numbers of spoken codes have four digits. */
export const PAIRING_NUMBERS = 10_000;
/** One message of the two, as the directory passes it on. */
export const PAIRING_MESSAGE_BYTES = 2_048;
/** Who has made the code answers by itself, so long at most. */
export const PAIRING_ANSWER_MS = 10_000;

// --- Tunnels (docs/protocol.md) ---

export const TUNNEL_VERSION = 1;
/** A sealed call, or its answer. */
export const CALL_BYTES = 2_048;
/** What a side of a tunnel takes before it has been read, and so what it may hold. */
export const TUNNEL_ROOM_BYTES = 524_288;
/** Ranges of packets in one acknowledgement of a tunnel. */
export const TUNNEL_ACK_RANGES = 32;

// --- The local network ---

/** Random, of each question by multicast. */
export const LAN_NONCE_BYTES = 12;
/** What one contact recognises in a question. */
export const LAN_TAG_BYTES = 16;
/** Tags in one question, true ones and others: their number does not tell how many contacts somebody has. */
export const LAN_TAGS = 16;
/** Contacts whom a device asks for, and whose questions it recognises; beyond, those met first. */
export const LAN_CONTACTS = 512;
/** A question of an hour before or after one's own is heard, so far may clocks be apart. */
export const LAN_HOURS_APART = 1;
