const LOOPBACK = /^p2pchat:\/\/(?:127\.|localhost:|\[::1\])/i;

/** A narrow screen breaks the line anyhow: here a shell takes the break, and the link begins a row. */
const GOES_ON = '\\\n';

/**
 * What one says to bring the next person here: exactly what to type. A directory on the loopback address is met only
 * on this machine, where a second person needs a folder of their own.
 */
export function invitationLines(link: string): readonly string[] {
  if (LOOPBACK.test(link)) {
    return [
      'A second person on this machine types, in another terminal, in this folder:',
      `P2PCHAT_HOME=~/p2pchat-second ${GOES_ON}npx p2pchat login NAME --directory ${GOES_ON}'${link}'`,
    ];
  }
  return [
    'Hand this to the next person, by a way you trust: it says which directory is the right one. They type:',
    `p2pchat login NAME --directory ${GOES_ON}'${link}'`,
  ];
}
