import { sizeText } from '../base/size.js';
import { Trouble } from './trouble.js';

/** The page's parts, by their ids. All text is set as text: nothing of others becomes markup. */

const part = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

const show = (id: string, text: string): void => {
  const element = part(id);
  element.textContent = text;
  element.hidden = text === '';
};

/** What it shows now, for whoever looks from outside. */
function state(name: string): void {
  document.body.dataset.state = name;
}

export const view = {
  /** @param lead what the page is about, then what there is to know */
  ready(lead: string, name: string, facts: string, action: string): void {
    show('lead', lead);
    show('name', name);
    show('facts', facts);
    const button = part<HTMLButtonElement>('act');
    button.textContent = action;
    button.hidden = false;
    button.disabled = false;
    state('ready');
  },

  onAct(act: () => void): void {
    part<HTMLButtonElement>('act').onclick = act;
  },

  /** There are files to choose, or to be dropped anywhere on the page. */
  choose(): void {
    const files = part<HTMLInputElement>('files');
    files.hidden = false;
    addEventListener('dragover', (event) => event.preventDefault());
    addEventListener('drop', (event) => {
      event.preventDefault();
      if (event.dataTransfer?.files.length) files.files = event.dataTransfer.files;
    });
  },

  chosen(): File[] {
    return [...(part<HTMLInputElement>('files').files ?? [])];
  },

  ask(text: string): void {
    show('state', text);
    part('files').focus();
  },

  begin(): void {
    part<HTMLButtonElement>('act').disabled = true;
    show('trouble', '');
    part('bar').hidden = false;
    state('running');
  },

  /** As before it began. */
  idle(): void {
    part<HTMLButtonElement>('act').disabled = false;
    part('bar').hidden = true;
    state('ready');
  },

  /** @param rate bytes a second, where that is known */
  progress(word: string, bytes: number, size: number, rate: number | undefined): void {
    const bar = part<HTMLProgressElement>('bar');
    bar.max = Math.max(1, size);
    bar.value = bytes;
    const howFast = rate === undefined ? '' : `, ${sizeText(Math.round(rate))}/s`;
    show('state', `${word} ${sizeText(bytes)} of ${sizeText(size)}${howFast}`);
    document.title = `${size === 0 ? 100 : Math.floor((100 * bytes) / size)} % – p2pchat`;
  },

  done(text: string, name = 'done'): void {
    part('bar').hidden = true;
    part('act').hidden = true;
    // How often the link may be used is another number by now.
    show('facts', '');
    show('state', text);
    document.title = 'p2pchat';
    part('files').hidden = true;
    state(name);
  },

  /** @param again what the button says then; undefined where trying again is no use */
  trouble(error: unknown, again?: string): void {
    const trouble = error instanceof Trouble ? error : new Trouble('internal');
    const { what, next } = trouble.words;
    part('bar').hidden = true;
    show('state', '');
    show('trouble', `${what} ${next}`);
    const button = part<HTMLButtonElement>('act');
    if (again === undefined || !trouble.mayPass) button.hidden = true;
    else button.textContent = again;
    button.disabled = false;
    document.title = 'p2pchat';
    state(trouble.code);
  },
};
