import type { CodeRow } from './code.js';

/** Connections, and what comes over them. */
export const NETWORK = {
  closed: ['unreachable', 'The connection is closed.', 'Nothing to do.'],
  'connection-lost': [
    'unreachable',
    'The connection is lost.',
    'It is tried again by itself; what you write meanwhile is queued.',
  ],
  'directory-changed': [
    'trust',
    'that link is of another directory than the one you registered with',
    'Leave --directory out, or set P2PCHAT_HOME to another folder for an account on the other directory.',
  ],
  'directory-ended': ['unreachable', 'The directory has ended.', 'Start it again.'],
  'directory-needed': [
    'usage',
    'Which directory?',
    'Give --directory p2pchat://HOST:PORT#FINGERPRINT, as whoever runs the directory told you.',
  ],
  'directory-not-running': [
    'unreachable',
    'No directory is running on that folder.',
    'Start it with: p2pchat directory start. If its data is elsewhere, give --data DIR.',
  ],
  'directory-offline': [
    'unreachable',
    'The directory cannot be reached.',
    "Check the network and the directory's address (p2pchat doctor). Contacts you know can still be reached directly.",
  ],
  'directory-set-back': [
    'unreachable',
    'the directory was set back to an earlier state',
    'What it lost and your devices hold is handed back to it. Nothing has to be done.',
  ],
  'directory-stopping': [
    'unreachable',
    'the directory is stopping',
    'It is tried again by itself; contacts you know can still be reached directly.',
  ],
  'frame-too-large': [
    'protocol',
    'A frame is larger than is allowed.',
    'The other side is not p2pchat, or speaks a newer protocol: update p2pchat on both sides.',
  ],
  'handshake-timeout': ['unreachable', 'The other side did not say hello in time.', 'It is tried again by itself.'],
  'hello-first': ['protocol', 'hello comes first', 'Update p2pchat on both sides.'],
  'hello-twice': ['protocol', 'Hello came twice.', 'Update p2pchat on both sides.'],
  'link-invalid': [
    'usage',
    'That is not a directory link.',
    "Paste the whole line, as the directory's operator sent it: p2pchat://HOST:PORT#FINGERPRINT (in a shell, in quotes).",
  ],
  'link-surplus': ['unreachable', 'Another link to the same device is kept.', 'Nothing to do.'],
  'listen-failed': [
    'usage',
    'Cannot listen on that address.',
    'Give an address of this machine with --listen HOST:PORT, and a port above 1023.',
  ],
  'listen-invalid': [
    'usage',
    'That is not an address to listen on.',
    'Give HOST:PORT, as 0.0.0.0:4000 or [::]:4000; port 0 picks one.',
  ],
  malformed: [
    'protocol',
    'A message is malformed.',
    'The other side speaks another protocol or a newer version: update p2pchat on both sides.',
  ],
  'mapping-failed': [
    'unreachable',
    'The router has no public address that it could map.',
    'Its own connection is down, or another router is in front of it: forward a port there, or ask the provider for a public address. Files go by a relay meanwhile.',
  ],
  'mapping-full': [
    'limit',
    'The router has no port to give.',
    'Look in its settings at how many ports are mapped. If another router is in front of it, forward a port there, or ask the provider for a public address. Files go by a relay meanwhile.',
  ],
  'mapping-refused': [
    'denied',
    'The router refuses to let others in.',
    'Allow PCP, NAT-PMP or UPnP for this machine in the settings of the router, or forward a port there (UDP and TCP) and start p2pchat with --listen 0.0.0.0:PORT. p2pchat preferences mapping off ends the asking.',
  ],
  'mapping-unreadable': [
    'protocol',
    "What the router answers can't be read.",
    'Update the router, or forward a port there (UDP and TCP) and start p2pchat with --listen 0.0.0.0:PORT. p2pchat preferences mapping off ends the asking.',
  ],
  'method-unknown': [
    'protocol',
    'There is no such method.',
    'The other side is older or newer: update p2pchat on both sides.',
  ],
  'port-busy': [
    'usage',
    'The port is in use by another program.',
    'Choose another with --listen HOST:PORT; port 0 takes a free one.',
  ],
  'relay-away': [
    'unreachable',
    'The relay does not answer.',
    'The next best way is taken meanwhile. Whoever runs the directory can look whether the relay runs, and whether its UDP port is let through.',
  ],
  'relay-ended': ['internal', 'The relay has ended by a fault.', 'Start it again, and report what the log says.'],
  'relay-full': ['limit', 'The relay has no place left.', 'It is tried again by itself; another relay would help.'],
  'relay-invalid': [
    'usage',
    'That is no relay.',
    'Give the line that `p2pchat relay start` prints: p2pchat-relay://HOST:PORT#KEY (in a shell, in quotes).',
  ],
  'relay-quota': [
    'limit',
    'The relay has sent on as much as it may in a day.',
    'It goes on tomorrow (UTC), or directly: forward a port (UDP and TCP) in a router, and start p2pchat there with --listen 0.0.0.0:PORT.',
  ],
  'relay-token-expired': [
    'trust',
    'The token for the relay has expired.',
    'Another one is asked for by itself; if this goes on, check the clocks.',
  ],
  'relay-token-invalid': [
    'trust',
    'The relay does not take the token.',
    "It may serve another directory: its operator starts it anew with this directory's link, and registers it again.",
  ],
  'relay-token-other': [
    'trust',
    'The token for the relay is for others than the two.',
    'It is not used. If this goes on, the directory gives out wrong ones: tell whoever runs it.',
  ],
  'relays-many': [
    'limit',
    'There are as many relays as a directory may have.',
    'Take one off first: relay remove LINE',
  ],
  'request-repeated': ['protocol', 'A request number was used again.', 'Update p2pchat on both sides.'],
  'request-timeout': ['unreachable', 'No answer came in time.', 'The network or the other side is slow: try again.'],
  'requests-in-flight': ['limit', 'Too many requests wait for an answer.', 'Wait for answers before sending more.'],
  rpc: ['protocol', 'The answer is malformed.', 'Use the same version of p2pchat on both ends.'],
  'session-closing': ['ended', 'The running program has just ended.', 'Give the command once more.'],
  'session-ended': [
    'ended',
    'The running program has ended.',
    'Start this command again: then it opens the profile itself.',
  ],
  'session-replaced': ['unreachable', 'This device has a newer connection to the directory.', 'Nothing to do.'],
  'stream-refused': ['unreachable', 'The other side has no such transfer.', 'Offer it again.'],
  'version-unknown': [
    'protocol',
    'the two programs share no version of the protocol',
    'Update p2pchat here; if it is new, the directory has to be updated.',
  ],
} as const satisfies Record<string, CodeRow>;
