import { openLevelStore } from '../../src/store/level/open.js';
import { storeContract } from './contract.js';
import { temporaryFolder } from './folder.js';
import { localContract } from './local.js';

const subject = () => {
  const folder = temporaryFolder();
  return {
    open: async () => openLevelStore({ folder: await folder.path }),
    clean: folder.remove,
  };
};

storeContract('level', subject);
localContract('level', subject);
