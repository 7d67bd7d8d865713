import { after, before, describe } from 'node:test';
import { openNatsStore } from '../../src/store/nats/open.js';
import { NatsServers, withoutNats } from '../support/nats.js';
import { storeContract } from './contract.js';

let stores = 0;

describe('one NATS server', { skip: withoutNats }, () => {
  let servers: NatsServers;
  before(async () => {
    servers = await NatsServers.start(1);
  });
  after(() => servers.stop());
  storeContract('NATS', () => ({
    open: () => openNatsStore({ servers: servers.addresses, name: `s${++stores}` }),
    clean: async () => {},
  }));
});

describe('three NATS servers', { skip: withoutNats }, () => {
  let servers: NatsServers;
  before(async () => {
    servers = await NatsServers.start(3);
  });
  after(() => servers.stop());
  storeContract('NATS cluster', () => ({
    open: () => openNatsStore({ servers: servers.addresses, name: `s${++stores}` }),
    clean: async () => {},
  }));
});
