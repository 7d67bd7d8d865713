import type { Blobs, Log, Logs, Records, Store } from '../../store/store.js';
import type { Meter, StoreDeed } from './meter.js';

/** The same store, with what it takes told to the meter. Ranges are left out: their time is their reader's. */
export function timedStore(store: Store, meter: Pick<Meter, 'stored'>, monotonic: () => number): Store {
  const timed =
    <A extends unknown[], R>(deed: StoreDeed, act: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const began = monotonic();
      try {
        return await act(...args);
      } finally {
        meter.stored(deed, monotonic() - began);
      }
    };
  const records = (inner: Records): Records => ({
    get: timed('read', (key) => inner.get(key)),
    create: timed('write', (key, value) => inner.create(key, value)),
    replace: timed('write', (key, value, expected) => inner.replace(key, value, expected)),
    put: timed('write', (key, value) => inner.put(key, value)),
    delete: timed('write', (key, expected) => inner.delete(key, expected)),
    range: (options) => inner.range(options),
  });
  const log = (inner: Log): Log => ({
    append: timed('append', (value, options) => inner.append(value, options)),
    appendMany: timed('append', (values, options) => inner.appendMany(values, options)),
    ends: timed('read', () => inner.ends()),
    trim: timed('write', (before) => inner.trim(before)),
    delete: timed('write', () => inner.delete()),
    read: (options) => inner.read(options),
  });
  const logs = (inner: Logs): Logs => ({
    log: (name) => log(inner.log(name)),
    names: (options) => inner.names(options),
  });
  const blobs = (inner: Blobs): Blobs => ({
    put: timed('blob', (key, content, options) => inner.put(key, content, options)),
    get: timed('blob', (key, range) => inner.get(key, range)),
    stat: timed('read', (key) => inner.stat(key)),
    delete: timed('write', (key) => inner.delete(key)),
    list: (options) => inner.list(options),
    usage: () => inner.usage(),
  });
  return {
    records: (space) => records(store.records(space)),
    logs: (space) => logs(store.logs(space)),
    blobs: (space, options) => blobs(store.blobs(space, options)),
    spaces: (kind) => store.spaces(kind),
    bus: store.bus,
    close: () => store.close(),
  };
}
