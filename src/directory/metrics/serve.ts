import { systemClock } from '../../base/clock.js';
import { version } from '../../base/package-files.js';
import { linkHost } from '../../net/link-host.js';
import { hostAndPort } from '../../wire/link.js';
import type { Directory } from '../directory.js';
import type { ListenAddress } from '../server/server.js';
import type { Meter } from './meter.js';
import { Observer } from './observer.js';
import { MetricsServer } from './server.js';

/** What counts the directory's work from its start on, and shows it by HTTP once it runs. */
export class Figures {
  readonly #observer = new Observer(version, systemClock);
  readonly #address: ListenAddress;
  #server: MetricsServer | undefined;

  constructor(address: ListenAddress) {
    this.#address = address;
  }

  get meter(): Meter {
    return this.#observer.metrics;
  }

  /** @throws Failure usage 'port-busy', 'listen-failed' */
  async serve(directory: Directory): Promise<void> {
    const init = { directory, observer: this.#observer, clock: systemClock, version };
    this.#server = await MetricsServer.listen(init, this.#address);
    await this.#observer.watch(directory);
  }

  get url(): string {
    const host = linkHost(this.#address.host);
    return `http://${hostAndPort({ host, port: this.#server?.port ?? this.#address.port })}/`;
  }

  async close(): Promise<void> {
    this.#observer.close();
    await this.#server?.close();
  }
}
