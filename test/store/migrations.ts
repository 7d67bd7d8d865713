import { fromUtf8, utf8 } from '../../src/base/bytes.js';
import type { Migration } from '../../src/store/level/migrate.js';

/** Two changes of an imagined format: values in capitals, then each record also as an entry of a log. */
export const MIGRATIONS: readonly Migration[] = [
  {
    format: 2,
    title: 'capitals',
    async *steps(old) {
      for await (const { key, value, revision } of old.records('words').range()) {
        yield { kind: 'replace', space: 'words', key, value: utf8(fromUtf8(value).toUpperCase()), expect: revision };
      }
      for await (const { position, value } of old.logs('words').log('said').read()) {
        const upper = utf8(fromUtf8(value).toUpperCase());
        yield { kind: 'rewrite', space: 'words', log: 'said', position, value: upper };
      }
    },
  },
  {
    format: 3,
    title: 'a log of the words, which are records no more',
    async *steps(old) {
      for await (const { key, value, revision } of old.records('words').range()) {
        yield { kind: 'append', space: 'words', log: 'all', value };
        yield { kind: 'delete', space: 'words', key, expect: revision };
      }
    },
  },
];
