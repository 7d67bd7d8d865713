import { createPrivateKey, type KeyObject } from 'node:crypto';
import { hex } from '../../src/base/bytes.js';
import { hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { chained, digestOf, NO_ACTS, signStatement } from '../../src/crypto/acts.js';
import { ARCHIVE_LABEL, SIGNAL_LABEL, sealArchived } from '../../src/crypto/archive.js';
import { readDeviceCertificate } from '../../src/crypto/certificate.js';
import { signDevice } from '../../src/crypto/identity.js';
import { createMlsEngine, type MlsState } from '../../src/crypto/mls.js';
import { decodeCbor, encodeCbor } from '../../src/wire/cbor.js';
import { SEALED_BYTES } from '../../src/wire/limits.js';
import { parseLink } from '../../src/wire/link.js';
import { foldName } from '../../src/wire/names.js';
import { parcelCodec } from '../../src/wire/peer-link.js';
import { type DeviceClient, helloParams, readRoster, register, signIn, type TestPeer } from './directory-client.js';

const engine = createMlsEngine({ verifyCredential: () => true, random: systemRandom, now: Date.now });

/** A room as a scripted device is in it. */
export interface Inside {
  readonly group: Uint8Array;
  readonly state: MlsState;
}

/**
 * A device of an account that is a real one to everybody else, and says what a test wants: contents and signals of a newer
 * program, or of a hostile one. It has no address, so it is written to by its mailbox.
 */
export class ScriptedDevice {
  readonly #link: string;
  readonly #me: TestPeer;
  #client: DeviceClient;
  #starts = 1;
  readonly #signatureKey: KeyObject;
  #direct: { group: Uint8Array; state: MlsState; to: string; devices: readonly string[] } | undefined;
  #mail = 0;

  private constructor(link: string, me: TestPeer, client: DeviceClient) {
    this.#link = link;
    this.#me = me;
    this.#client = client;
    this.#signatureKey = createPrivateKey(me.key.pem());
  }

  static async open(link: string, user: string): Promise<ScriptedDevice> {
    const me = await register(link, user);
    return new ScriptedDevice(link, me, await signIn(link, me));
  }

  get client(): DeviceClient {
    return this.#client;
  }

  /** What it shows of itself at a channel. */
  get tls() {
    return this.#me.tls;
  }

  /** Another channel to the directory, in place of the one there was. */
  async reopen(): Promise<void> {
    await this.#client.close();
    this.#client = await signIn(this.#link, this.#me, helloParams(++this.#starts));
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  get #leaf() {
    const lifetime = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };
    return { certificate: this.#me.certificate, signatureKey: this.#signatureKey, lifetime };
  }

  /** Begins the conversation with somebody. */
  async begin(to: string): Promise<void> {
    const { devices } = await readRoster(this.client, this.#link, to);
    const ids = devices.map(({ certificate }) => readDeviceCertificate(certificate).deviceId);
    const addresses = ids.map((device) => ({ user: to, device }));
    const { packages } = await this.client.request('keypackages.claim', { devices: addresses });
    const group = systemRandom.bytes(16);
    const empty = await engine.createGroup({ groupId: group, ...this.#leaf, suite: 'hybrid' });
    const { next, welcome } = await engine.commit(empty, { add: packages.map((one) => one.package) });
    const sealed = parcelCodec.encode({ kind: 'welcome', number: 1, welcome: welcome! });
    const parcels = addresses.map((address) => ({ ...address, id: systemRandom.bytes(16), sealed }));
    await this.client.request('direct.create', { user: to, number: 1, group, parcels });
    this.#direct = { group, state: next, to, devices: ids };
  }

  /** @returns the message's id, hex */
  async say(content: object, id = systemRandom.bytes(16)): Promise<string> {
    await this.#client.request('mailbox.put', { parcels: await this.sealed(content, id) });
    return hex(id);
  }

  /** What would be put into their mailboxes. */
  async sealed(content: object, id = systemRandom.bytes(16)) {
    const direct = this.#direct!;
    const { next, bytes } = await engine.seal(direct.state, encodeCbor(content), id);
    direct.state = next;
    const sealed = parcelCodec.encode({ kind: 'message', group: direct.group, sealed: bytes });
    return direct.devices.map((device) => ({ user: direct.to, device, id, sealed }));
  }

  /** The contents that have come by the mailbox since the last call, up to the first that fits. */
  async heard(fits: (content: Record<string, unknown>) => boolean): Promise<Record<string, unknown>[]> {
    const contents: Record<string, unknown>[] = [];
    while (!contents.some(fits)) {
      const from = this.#mail;
      await this.client.notices.next('mailbox', ({ position }) => position > from);
      const { entries } = await this.client.request('mailbox.read', { after: from, limit: 64 });
      for (const { position, sealed } of entries) {
        this.#mail = position;
        const parcel = parcelCodec.decode(sealed);
        if (parcel.kind !== 'message') continue;
        const opened = await engine.open(this.#direct!.state, parcel.sealed);
        this.#direct!.state = opened.next;
        contents.push(decodeCbor(opened.plaintext, SEALED_BYTES) as Record<string, unknown>);
      }
    }
    return contents;
  }

  /** Enters an open group that somebody is in. */
  async enter(name: string): Promise<Inside> {
    const group = (await this.client.request('groups.find', { name })).group!;
    const directory = parseLink(this.#link).fingerprint;
    const signed = signStatement(
      { directory, group, previous: await this.#head(group), at: Date.now(), action: 'join' },
      this.#me.key,
    );
    await this.client.request('groups.act', { group, ...signed }).catch((error) => {
      if (!hasCode(error, 'already-joined')) throw error;
    });
    const { info, epoch } = await this.client.request('groups.info', { group });
    const head = await this.#head(group);
    const { next, commit } = await engine.externalJoin(info, { ...this.#leaf, aad: head });
    const newInfo = await engine.groupInfo(next);
    await this.client.request('groups.commit', { group, epoch, head, commit, info: newInfo });
    return { group, state: next };
  }

  /** A message of shared history. @returns its id, hex */
  async post({ group, state }: Inside, content: object): Promise<string> {
    const id = systemRandom.bytes(16);
    const sealed = this.#sealed('archive', { group, state }, encodeCbor(content), id);
    await this.client.request('groups.post', { group, id, epoch: state.epoch, sealed });
    return hex(id);
  }

  /** @param as another name than its own to speak in @returns what was sent, to be sent again */
  async signal({ group, state }: Inside, content: Uint8Array, as?: string) {
    const id = systemRandom.bytes(16);
    const signal = { group, id, epoch: state.epoch, sealed: this.#sealed('signal', { group, state }, content, id, as) };
    await this.client.request('groups.signal', signal);
    return signal;
  }

  #sealed(use: 'archive' | 'signal', { group, state }: Inside, content: Uint8Array, id: Uint8Array, as?: string) {
    const { user, identity, key } = this.#me;
    const directoryId = parseLink(this.#link).fingerprint;
    const statement = signDevice(identity, { directoryId, folded: foldName(as ?? user) }, key.publicKey);
    const secret = engine.exportSecret(state, use === 'archive' ? ARCHIVE_LABEL : SIGNAL_LABEL, group, 32);
    const place = { use, directoryId, group, epoch: state.epoch, id };
    return sealArchived(secret, place, { author: { user: as ?? user, key, statement }, content, random: systemRandom });
  }

  async #head(group: Uint8Array): Promise<Uint8Array> {
    const { acts } = await this.client.request('groups.acts', { group, from: 0 });
    return acts.reduce((head, { act }) => chained(head, digestOf(act)), NO_ACTS);
  }
}
