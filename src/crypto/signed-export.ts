import { base64url, concat, fromBase64url, fromHex, hex, sameBytes, utf8 } from '../base/bytes.js';
import { Failure, hasCode } from '../base/errors.js';
import { type Content, contentCodec } from '../wire/content.js';
import { GroupRoster } from '../wire/group-roster.js';
import { foldName } from '../wire/names.js';
import { parse } from '../wire/schema.js';
import {
  type ChainedRecord,
  type ExportedLine,
  type ExportedRoom,
  type ExportRecord,
  exportRecord,
  exportRecordCodec,
} from '../wire/signed-export.js';
import { chained, digestOf, NO_ACTS, readAct } from './acts.js';
import { isSignedBy } from './archive.js';
import { checkDeviceCertificate } from './certificate.js';
import { sha256 } from './hash.js';
import { isConsent } from './identity.js';
import { directoryIdOf, type SigningKey, verifySignature } from './keys.js';
import { type Trust, trustIn } from './trust.js';

/**
 * Signed exports (wire/signed-export.ts). Every line bears its author's signature from the group's log; the acts say whose
 * identity that is, and the directory's CA, whose hash the fingerprint is, has sealed those. That no line was left out or
 * moved since is what the one who made the export signs: a chain over all records.
 */

const CONTEXT = utf8('p2pchat/1 export\0');
const NOTHING = new Uint8Array(32);

/** Signs an export while it is written. */
export class ExportSigner {
  #head: Uint8Array = NOTHING;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add<R extends ChainedRecord>(record: R): R {
    this.#head = chainedWith(this.#head, record);
    this.#count++;
    return record;
  }

  /** @param record the end, which has been added */
  sign<R extends Extract<ChainedRecord, { part: 'end' }>>(record: R, key: SigningKey): R & { signature: string } {
    return { ...this.add(record), signature: base64url(key.sign(concat(CONTEXT, this.#head))) };
  }
}

interface VerifiedExport {
  readonly room: ExportedRoom;
  /** Who made it. */
  readonly by: { readonly user: string; readonly device: string };
  readonly lines: number;
  readonly left: number;
}

/** Verifies an export, record by record. */
export class ExportVerifier {
  readonly #directoryId: string;
  #room: ExportedRoom | undefined;
  #trust: Trust | undefined;
  #by: ReturnType<typeof checkDeviceCertificate> | undefined;
  readonly #roster = new GroupRoster();
  #acts: Uint8Array = NO_ACTS;
  #head: Uint8Array = NOTHING;
  #numbers: number[] = [];
  #isInOrder = true;
  #lines = 0;
  #end: Extract<ExportRecord, { part: 'end' }> | undefined;

  /** @param directoryId the fingerprint that is believed */
  constructor(directoryId: string) {
    this.#directoryId = directoryId;
  }

  /**
   * @returns the line, where it is one
   * @throws Failure usage 'export-invalid', trust 'export-line-changed', 'export-author', 'export-other-room', 'act-forged' …
   */
  take(json: unknown): ExportedLine | undefined {
    const record = readRecord(json);
    try {
      return this.#take(record);
    } catch (error) {
      // What stands in it was readable when it was signed.
      if (!hasCode(error, 'malformed') && !hasCode(error, 'certificate-malformed')) throw error;
      throw new Failure('export-altered', undefined, { details: { at: record.n }, cause: error });
    }
  }

  #take(record: ExportRecord): ExportedLine | undefined {
    if (this.#room === undefined) return this.#begin(record);
    if (this.#end !== undefined) throw new Failure('export-altered');
    this.#number(record);
    if (record.part === 'room') throw new Failure('export-altered');
    this.#assertRoom(record, this.#room);
    if (record.part === 'act') this.#act(record.act);
    else if (record.part === 'line') return this.#line(record);
    else this.#end = record;
    return undefined;
  }

  /** @throws Failure trust 'export-gap', 'export-reordered', 'export-truncated', 'export-altered' */
  finish(): VerifiedExport {
    if (this.#room === undefined) throw new Failure('export-invalid');
    this.#assertOrder();
    const end = this.#end;
    if (end === undefined) throw new Failure('export-truncated');
    const signed = concat(CONTEXT, this.#head);
    if (!verifySignature(this.#by!.publicKey, signed, fromBase64url(end.signature)) || end.lines !== this.#lines)
      throw new Failure('export-altered');
    const { user, deviceId: device } = this.#by!;
    return { room: this.#room, by: { user, device }, lines: this.#lines, left: end.left };
  }

  #begin(record: ExportRecord): undefined {
    if (record.part !== 'room') throw new Failure('export-invalid');
    const authority = fromBase64url(record.authority);
    if (record.directory !== this.#directoryId || directoryIdOf(authority) !== record.directory)
      throw new Failure('export-other-directory');
    this.#trust = trustIn(authority);
    this.#by = checkDeviceCertificate(fromBase64url(record.certificate), {
      ...{ trust: this.#trust, now: 0, crl: 'unchecked', expiry: 'ignore' },
    });
    this.#room = record;
    this.#number(record);
  }

  /** What is missing or moved is told at the end, when it is known which of both it was. */
  #number(record: ExportRecord): void {
    this.#head = chainedWith(this.#head, bareOf(record));
    if (record.n !== this.#numbers.length) this.#isInOrder = false;
    this.#numbers.push(record.n);
  }

  #assertOrder(): void {
    if (this.#isInOrder) return;
    const there = new Set(this.#numbers);
    const most = this.#numbers.reduce((one, other) => Math.max(one, other), 0);
    for (let n = 0; n <= most; n++) if (!there.has(n)) throw gap(n);
    throw new Failure('export-reordered');
  }

  #assertRoom(record: Extract<ExportRecord, { part: 'act' | 'line' | 'end' }>, { room }: ExportedRoom): void {
    if (record.room !== room) throw new Failure('export-other-room', undefined, { details: { at: record.n } });
  }

  #act(encoded: string): void {
    const bytes = fromBase64url(encoded);
    const act = readAct(bytes, this.#trust!);
    const { group, previous } = act.statement;
    if (group !== undefined && hex(group) !== this.#room!.room) throw new Failure('export-other-room');
    // Where the file is out of order, that is what is told.
    if (!this.#isInOrder) return;
    if (group !== undefined && !sameBytes(previous, this.#acts)) throw new Failure('act-forged');
    this.#roster.judge(act);
    this.#roster.apply(act);
    this.#acts = chained(this.#acts, digestOf(bytes));
  }

  #line(line: ExportedLine): ExportedLine {
    const place = {
      ...{ directoryId: this.#directoryId, group: fromHex(line.room), epoch: line.epoch },
      id: fromHex(line.edit ?? line.id),
    };
    const [deviceKey, content] = [fromBase64url(line.device), fromBase64url(line.content)];
    const identity = this.#roster.standing(line.from)?.identityKey;
    const account = { directoryId: this.#directoryId, folded: foldName(line.from) };
    const isTheirs = identity !== undefined && isConsent(identity, account, deviceKey, fromBase64url(line.consent));
    // An act that is missing, too, may be the one that brought them in.
    if (!isTheirs) throw this.#isInOrder ? at('export-author', line) : this.#outOfOrder();
    const isAsSaid = isSignedBy(deviceKey, place, content, fromBase64url(line.signature));
    if (!isAsSaid || exportedText(content, line) !== line.text) throw at('export-line-changed', line);
    this.#lines++;
    return line;
  }

  #outOfOrder(): unknown {
    try {
      this.#assertOrder();
      return new Failure('export-altered');
    } catch (error) {
      return error;
    }
  }
}

/** What a line shows of a content; undefined where it is no line, or the edit of another one. */
function exportedText(encoded: Uint8Array, { edit, id }: ExportedLine): string | undefined {
  let content: Content;
  try {
    content = contentCodec.decode(encoded);
  } catch (error) {
    if (!hasCode(error, 'malformed')) throw error;
    return undefined;
  }
  if (edit !== undefined) return content.type === 'edit' && hex(content.id) === id ? content.body : undefined;
  if (content.type === 'text') return content.body;
  return content.type === 'upload' ? content.name : undefined;
}

function readRecord(json: unknown): ExportRecord {
  try {
    return parse(exportRecord, json);
  } catch (error) {
    if (!hasCode(error, 'malformed')) throw error;
    throw new Failure('export-invalid', undefined, { cause: error });
  }
}

function bareOf(record: ExportRecord): ChainedRecord {
  if (record.part !== 'end') return record;
  const { signature: _, ...bare } = record;
  return bare;
}

const chainedWith = (head: Uint8Array, record: ChainedRecord): Uint8Array =>
  sha256(concat(head, sha256(exportRecordCodec.encode(record))));

const at = (code: 'export-author' | 'export-line-changed', { n, id }: ExportedLine): Failure =>
  new Failure(code, undefined, { details: { at: n, id } });

const gap = (n: number): Failure => new Failure('export-gap', undefined, { details: { at: n } });
