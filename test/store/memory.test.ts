import { openMemoryStore } from '../../src/store/memory/open.js';
import { storeContract } from './contract.js';
import { localContract } from './local.js';

const subject = () => ({ open: async () => openMemoryStore(), clean: async () => {} });

storeContract('memory', subject);
localContract('memory', subject);
