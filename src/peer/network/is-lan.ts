import { type Interfaces, isOwnAddress, isOwnNetwork } from '../../net/interfaces.js';

/** `lan` is the same network without a router between; the machine itself counts as `direct`. @param address with or without a zone */
export const isLan = (address: string, interfaces?: Interfaces): 'direct' | 'lan' =>
  !isOwnAddress(address, interfaces) && isOwnNetwork(address, interfaces) ? 'lan' : 'direct';
