export { addressKey, plainAddress } from '../../net/address.js';
