/**
 * Attacks and faults that the program holds against, each with what must hold. A test that tries one begins its name with
 * the row's id; `docs/security-tests.md` is made from both.
 */

export interface Row {
  readonly id: string;
  readonly attack: string;
  readonly holds: string;
  /** What of it no test of ours tries or measures. */
  readonly untried?: string;
  /** The bench that has its figures, as `npm run bench` names it. */
  readonly bench?: string;
}

export const AREAS: Readonly<Record<string, string>> = {
  A: 'Login and accounts',
  C: 'Certificates',
  P: 'Links',
  M: 'Conversations',
  U: 'Transfers',
  S: 'Storage',
  T: 'Terminal',
  O: 'Operation',
  X: 'Everywhere',
  N: 'Found by trying',
};

export const CATALOGUE: readonly Row[] = [
  {
    id: 'A1',
    attack: 'names by login: 2 × 2,000 interleaved, known and unknown',
    holds: 'same length and code; medians within 5 %',
    untried: 'so many logins, and their times: what is compared is the form of the first answer',
  },
  { id: 'A2', attack: 'login broken off before its last message', holds: 'counted as a failure, every time' },
  {
    id: 'A3',
    attack: 'guessing from one address',
    holds: 'throttled; at most 100 in a row per account',
    untried: 'logins over the network: it is the guard that is asked, in simulated time',
  },
  {
    id: 'A4',
    attack: 'guessing from 200 addresses',
    holds: "the account's budget holds; honest p99 < 250 ms",
    untried:
      'logins over the network, and how long honest ones take meanwhile: it is the guard that is asked, in simulated time',
  },
  {
    id: 'A5',
    attack: 'a stranger locks the victim out: 1,000 bad tries',
    holds: "the victim's known device is in within 5 s; back-off at most 15 min",
  },
  {
    id: 'A6',
    attack: 'registration flood, 10,000',
    holds: 'caps hold; memory grows by at most 50 MB',
    untried: 'so many registrations, and the memory that they take',
  },
  {
    id: 'A7',
    attack: 'one name, 100 registrations at once, 200 rounds, two nodes',
    holds: 'exactly one winner each',
    untried:
      '200 rounds, and registrations at two nodes: one round of 100 on one node is, and how a shared store orders what is written at once',
  },
  {
    id: 'A8',
    attack: 'homoglyphs, NFC/NFD, zero-width in names (also the Big List of Naughty Strings)',
    holds: 'refused or folded; folding idempotent',
  },
  { id: 'A9', attack: 'every request × every role', holds: 'every cell asserted; all else denied' },
  {
    id: 'A10',
    attack: 'a token or certificate used after logout, ban, revocation',
    holds: 'no acceptance; live sessions cut within 5 s',
  },
  { id: 'A11', attack: 'malformed OPAQUE elements', holds: 'typed error; no acceptance, no crash' },
  { id: 'C1', attack: 'the directory gives out another key for Alice', holds: 'no message under it before consent' },
  {
    id: 'C2',
    attack: 'the directory shows two people two histories',
    holds: 'found at their first handshake',
    untried:
      'two histories that are compared at a handshake: a device that is hidden from others is found once it takes part in a conversation',
  },
  { id: 'C3', attack: 'revoked certificate', holds: 'refused; sessions cut within 60 s' },
  { id: 'C4', attack: 'revocation list stale, rolled back or missing', holds: 'no new session past its maximum age' },
  { id: 'C5', attack: 'expired, not yet valid; clocks off by 5 minutes', holds: 'right in every case, skew tolerated' },
  { id: 'C6', attack: 'hostile request: CA:TRUE, other SAN, weak key', holds: 'the certificate equals the template' },
  {
    id: 'C7',
    attack: "bad chains (x509-limbo's kinds: no SAN, v1, CA leaf, keyCertSign leaf, no EKU, weak keys)",
    holds: 'none accepted',
  },
  { id: 'C8', attack: 'a crash around signing', holds: 'no certificate without its row; serials unique in 10⁵' },
  { id: 'C9', attack: "a user's certificate used as a server's or a CA's", holds: 'none accepted' },
  { id: 'P1', attack: 'TLS ≤ 1.2, no client certificate, early data', holds: 'refused' },
  { id: 'P2', attack: 'valid CA, wrong user', holds: 'bound to expected name and key: refused' },
  { id: 'P3', attack: "Alice's key stolen: a false Bob calls Alice (KCI)", holds: 'fails' },
  {
    id: 'P4',
    attack: '2,000 slow sockets',
    holds: 'closed within 10 s; honest p99 ≤ 2 ×',
    untried: 'so many sockets, and how long honest ones take meanwhile',
  },
  {
    id: 'P5',
    attack: 'length 2³²−1, truncation, deep nesting; fuzzing',
    holds: 'no untyped error; allocation ≤ frame cap',
  },
  { id: 'P6', attack: 'compression bombs', holds: 'capped, or no compression' },
  { id: 'P7', attack: 'reset in mid-frame', holds: 'the outbox retries; none lost' },
  {
    id: 'P8',
    attack: 'a flood by one who is logged in, 100,000/s',
    holds: "others' p99 ≤ 2 ×; memory flat",
    bench: 'flood',
    untried: 'that rate, but for the bench; others are served meanwhile, their p99 is not measured in a test',
  },
  { id: 'P9', attack: 'both dial at once', holds: 'one link, none twice' },
  { id: 'M1', attack: 'RFC 9420 official vectors', holds: 'all of the supported suites' },
  { id: 'M2', attack: 'trailing bytes, mutations (60,000)', holds: 'typed errors only; consumed = length' },
  { id: 'M3', attack: 'the directory adds a ghost member', holds: 'refused, and shown' },
  { id: 'M4', attack: 'a removed member decrypts', holds: 'fails' },
  {
    id: 'M5',
    attack: '50 members commit at once, 1,000 times',
    holds: 'one wins each epoch; all agree on the epoch authenticator',
  },
  { id: 'M6', attack: 'all ciphertexts replayed', holds: 'nothing shown twice' },
  { id: 'M7', attack: 'generations and epochs shuffled', holds: 'all delivered within the window; CPU bounded' },
  {
    id: 'M8',
    attack: 'key packages reused, exhausted, expired',
    holds: 'none used twice',
    untried: 'a device that is given one of its own twice: what the directory gives out is',
  },
  { id: 'M9', attack: 'old state restored from a backup', holds: 'found; rejoins; no (key, generation) used twice' },
  { id: 'M10', attack: 'crash between ratchet and send', holds: 'no generation used twice' },
  {
    id: 'U1',
    attack: 'spoofed source address',
    holds: 'out ≤ 3 × in',
    untried:
      'forged addresses on a real network: what is counted is what goes to an address that has not proved itself',
  },
  { id: 'U2', attack: '10,000 handshakes/s from nowhere', holds: 'an honest transfer completes; state capped' },
  { id: 'U3', attack: 'optimistic acknowledgements', holds: 'closed within a round trip of the trap' },
  { id: 'U4', attack: 'loss of 1, 10, 30 %, bursts', holds: 'hash equal; ≥ 70 % of goodput at 1 %', bench: 'transfer' },
  { id: 'U5', attack: 'reordering, duplicates, corruption', holds: 'hash equal; nothing written twice' },
  {
    id: 'U6',
    attack: 'a 10 Mbit/s link shared with a TCP flow',
    holds: 'TCP keeps ≥ 30 %; chat p99 < 300 ms',
    bench: 'shared',
    untried: 'how long chat takes meanwhile, but for the bench',
  },
  { id: 'U7', attack: 'the address changes in mid-transfer', holds: 'validated, on within 3 s' },
  { id: 'U8', attack: '30 s without network; either side killed', holds: 'resumes; ≤ 5 % sent again' },
  {
    id: 'U9',
    attack: 'sizes 2⁶³, 0, negative, over quota; disk too small',
    holds: 'refused before anything is written',
  },
  { id: 'U10', attack: 'swapped or cut blocks, false manifest', holds: 'discarded; no partial file visible' },
  {
    id: 'U11',
    attack: '`../`, absolute, NUL, `.ssh/authorized_keys`, reserved names',
    holds: 'nothing outside the folder; nothing overwritten',
  },
  { id: 'U12', attack: 'links swapped in the download folder during writing', holds: 'no escape in 10,000 tries' },
  { id: 'S1', attack: '`kill -9` while appending, 500 times', holds: 'nothing acknowledged lost; open in ≤ 2 s' },
  { id: 'S2', attack: 'power cut (page cache dropped)', holds: 'nothing acknowledged lost' },
  {
    id: 'S3',
    attack: 'disk full (small tmpfs)',
    holds: 'a visible error; nothing acknowledged lost; recovers when there is room',
  },
  { id: 'S4', attack: 'EIO on fsync', holds: 'stops; acknowledges nothing more' },
  { id: 'S5', attack: "bit flips in the store's files, 1,000", holds: 'none silent' },
  { id: 'S6', attack: 'migration killed at each write; old program, new format', holds: 'old or new, whole; refused' },
  { id: 'S7', attack: 'two processes, one profile', holds: 'the second ends with a message' },
  { id: 'S8', attack: 'acknowledgement lost, message sent again', holds: 'shown once' },
  {
    id: 'T1',
    attack: 'ESC, C1, OSC 52, 8 and 0, DCS, CR, BS in text, names, file names',
    holds: "only the text's cells change",
    untried: 'terminals themselves: what is judged is what is written to one, and what an emulator makes of it',
  },
  { id: 'T2', attack: 'a line break and "bob:" in a text; `{tags}`', holds: "the sender's column can't be forged" },
  { id: 'T3', attack: 'bidi overrides, 10,000 combining marks', holds: 'capped; a frame ≤ 50 ms' },
  {
    id: 'O1',
    attack: 'a directory node killed, paused, cut off (several nodes)',
    holds: 'one history; the minority accepts no writes',
  },
  { id: 'O2', attack: 'all nodes stopped at once', holds: 'what was acknowledged is there' },
  {
    id: 'O3',
    attack: 'descriptors exhausted; 2,000 peers reconnect at once',
    holds: 'shed with a message, jitter; all back within 60 s',
    untried: '2,000 peers that reconnect at once: the descriptors are, at the store',
  },
  {
    id: 'X1',
    attack: 'secrets',
    holds: 'none in argv, environment, logs or plain on disk; files 0600, folders 0700',
    untried: 'memory, core files and swap',
  },
  { id: 'X2', attack: 'SIGHUP, SIGTERM, a throw', holds: 'the terminal is as it was' },
  { id: 'X3', attack: 'the clock jumps', holds: 'no lockout shortened; no certificate outlives itself' },
  {
    id: 'N1',
    attack: 'a candidate, endpoint or link that is no address (`1.2.3.4%5`, `a:b`)',
    holds: 'that one is left out; no program ends, now or at its next start',
  },
  {
    id: 'N2',
    attack: 'recorded ClientHellos with costly groups, ten a second',
    holds: 'refused by their parameters; others are answered in turn',
  },
  {
    id: 'N3',
    attack: 'one account makes the revocation list grow until nobody can read it',
    holds: 'the list stays far below what everybody takes; who logs out is never refused',
  },
  {
    id: 'N4',
    attack: 'a request that ends, changes or hands over something of the account, without the password',
    holds: 'refused for each such request of the table',
  },
  {
    id: 'N5',
    attack: 'somebody who asks and never reads, on any outlet',
    holds: 'at most 4 MB kept, cut off within 30 s; no writer without a bound',
  },
  {
    id: 'N6',
    attack: 'many requests in flight of one account, or of none',
    holds: 'each has a cost and each caller a budget; updates of one row share a write',
  },
  {
    id: 'N7',
    attack: 'a file that is played names addresses for the player to ask',
    holds: 'judged by its first bytes; the player follows nothing',
  },
  {
    id: 'N8',
    attack: 'hostile text in errors, reasons and listings',
    holds: 'cleaned where each face writes, in every field of every event, error and listing',
  },
  {
    id: 'N9',
    attack: "an account names hosts inside the victim's network to be dialled",
    holds: 'dialled only where the directory sees one there too; the time tells nothing',
  },
  {
    id: 'N10',
    attack: 'an offer, an acceptance or an Initial that names a bystander',
    holds: 'one allowance to each host and network, then silence',
  },
  {
    id: 'N11',
    attack: 'another user of the machine stands where the control socket is looked for',
    holds: 'nothing is said to it',
  },
  {
    id: 'N12',
    attack: 'the directory shows another key between the question and the answer',
    holds: 'what is accepted is what was shown',
  },
  {
    id: 'N13',
    attack: 'one account takes all key packages or all room of a mailbox or a group',
    holds: 'it gets a share, then the last resort; others go on',
  },
  {
    id: 'N14',
    attack: 'mail acknowledged for a device that is logged out, shut out or banned',
    holds: 'kept for it, or sealed anew for the one there is',
  },
  {
    id: 'N15',
    attack: 'what lengths, logs, ports and signals tell of a person',
    holds: 'padded, put away after its days, no debugger',
  },
  { id: 'N16', attack: 'key sequences of any terminal, cut anywhere', holds: 'decoded totally; the program goes on' },
  {
    id: 'N17',
    attack: 'silent sockets from many addresses',
    holds: 'a place is kept for addresses that devices have come from',
  },
  {
    id: 'N18',
    attack: 'a directory that was put back from a copy',
    holds: 'found; what was said since comes back from the members',
  },
  {
    id: 'N19',
    attack: 'a message and its change arrive in any order, over restarts',
    holds: 'every device ends in the same state',
  },
  {
    id: 'N20',
    attack: 'a write fails in the middle of a request',
    holds: 'memory is as the disk; the request can be made again',
  },
  {
    id: 'N21',
    attack: 'a refusal or a wrong clock taken for absence',
    holds: 'told as what it is, with the way back; online again once it is right',
  },
  {
    id: 'N22',
    attack: 'a part of the data folder is missing or damaged',
    holds: 'refused with its own error; nothing is begun anew',
  },
  {
    id: 'N23',
    attack: 'a program is ended in each way, at each stage',
    holds: 'it ends in order, with its status, and nothing is left',
  },
  {
    id: 'N24',
    attack: 'a peer whose disk is full',
    holds: 'goes on by itself once there is room; nothing is taken for a replay',
  },
  {
    id: 'N25',
    attack: "something is stored that can't be read again",
    holds: 'what encodes decodes; one bad row keeps nobody from the rest',
  },
  {
    id: 'N26',
    attack: 'somebody away for longer than a certificate lives',
    holds: 'what was sent meanwhile is there afterwards',
  },
  {
    id: 'N27',
    attack: 'a full disk, or nobody, behind standard output',
    holds: 'an error, or the end by SIGPIPE; never success',
  },
  {
    id: 'N28',
    attack: 'the program that holds the profile is stopped',
    holds: 'others end in time and say which it is',
  },
  {
    id: 'N29',
    attack: 'a message that can never be delivered',
    holds: 'fails once, is said, and its text is kept until it is dropped',
  },
  {
    id: 'N30',
    attack: 'a directory that alters, replays or drops blocks of what was laid down for somebody who is away',
    holds:
      'nothing of it is shown as whole; its own error, told to both sides; what was right is kept, and either side goes on',
  },
  {
    id: 'N37',
    attack: 'a stranger on the local network hears how contacts find each other, and says it again or something else',
    holds: 'no name, no key, no tag twice over a day; nothing said there has anybody dial an address',
  },
  {
    id: 'N38',
    attack: 'an error of somebody else that asks to wait for ever, or not at all',
    holds: 'the next try comes within 15 minutes, and not before its own pace',
  },
  {
    id: 'N60',
    attack: 'a directory, or a stranger, guesses at the words of a code by which a device or a person comes in',
    holds:
      'one guess on either side, 2^-33 each; then the code is spent, whoever made it is told, and nothing was given',
  },
  {
    id: 'N61',
    attack:
      'a guest hands in more than a link takes, or begins and never ends; a directory makes up, repeats, enlarges or withholds what guests hand in',
    holds:
      'no more than the link says, and a quarter of the quota stays free; nothing made up, too large or a second time reaches the disk, and what is true still comes',
  },
];
