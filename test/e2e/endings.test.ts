import { testEndings } from '../support/endings.js';

/** In the midst of a transfer by two ways only; all of them are in the slow form. */
const WITH_TRANSFER = ['the terminal is closed', 'SIGTERM'];

testEndings(({ way, withTransfer }) => !withTransfer || WITH_TRANSFER.includes(way));
