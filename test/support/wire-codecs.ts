import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type * as v from 'valibot';
import { FRAME_BYTES } from '../../src/wire/limits.js';
import { type Codec, codec } from '../../src/wire/schema.js';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isCodec = (value: unknown): value is Codec<unknown> =>
  isObject(value) && 'encode' in value && 'decode' in value && 'schema' in value;
const isSchema = (value: unknown): value is v.GenericSchema => isObject(value) && value.kind === 'schema';

/** The codecs, tables of methods and tables of notices among what a module exports. */
export function codecsOf(exported: Record<string, unknown>, module: string): [string, Codec<unknown>][] {
  return Object.entries(exported).flatMap(([name, value]): [string, Codec<unknown>][] => {
    if (isCodec(value)) return [[`${module} ${name}`, value]];
    if (isSchema(value)) return [[`${module} ${name}`, codec(value, FRAME_BYTES)]];
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([method, of]): [string, Codec<unknown>][] => {
      if (isSchema(of)) return [[`${name} ${method}`, codec(of, FRAME_BYTES)]];
      if (!isObject(of)) return [];
      return (['params', 'result'] as const).flatMap((side) =>
        isSchema(of[side]) ? [[`${method} ${side}`, codec(of[side], FRAME_BYTES)] as [string, Codec<unknown>]] : [],
      );
    });
  });
}

/** All codecs of the wire, by name. */
export async function wireCodecs(): Promise<[string, Codec<unknown>][]> {
  const folder = new URL('../../src/wire/', import.meta.url);
  const modules = readdirSync(fileURLToPath(folder)).filter((name) => name.endsWith('.js'));
  const found = modules.map(async (name) => codecsOf(await import(new URL(name, folder).href), name));
  return (await Promise.all(found)).flat();
}
