const LOOPBACK = /^p2pchat:\/\/(?:127\.|localhost:|\[::1\])/i;

/**
 * What one says to bring the next person here: the exact line to type. A directory on the loopback address is met only
 * on this machine, where a second person needs a folder of their own.
 */
export function invitationLines(link: string): readonly string[] {
  if (LOOPBACK.test(link)) {
    return [
      'A second person on this machine types, in another terminal:',
      `P2PCHAT_HOME=~/p2pchat-second npx p2pchat login NAME --directory '${link}'`,
    ];
  }
  return [
    'Hand this to the next person, by a way you trust: it says which directory is the right one. They type:',
    `p2pchat login NAME --directory '${link}'`,
  ];
}
