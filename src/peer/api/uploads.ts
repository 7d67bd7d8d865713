import type { UploadEvent } from './events.js';

/** Files for everybody in a group, kept sealed at the directory for a while. Ids may be an unambiguous beginning. */
export interface UploadsApi {
  /**
   * Uploads a file and tells the group of it; resolves when that is on its way, also across restarts.
   * @param group `#name` or `name` @param path absolute
   * @throws Failure usage 'no-such-file', 'not-a-file', limit 'upload-quota', 'uploads-full', denied 'group-not-joined'
   */
  send(group: string, path: string): Promise<UploadEvent>;
  /** The files of a group, or of all groups, oldest first; those that the directory has no longer are `expired`. */
  list(group?: string): Promise<readonly UploadEvent[]>;
  /**
   * Fetches a file into the folder (absolute) or the one for downloads; what came earlier is kept.
   * @throws Failure unknown 'upload-unknown'
   */
  download(id: string, folder?: string): Promise<UploadEvent>;
  /** Ends what is under way; a file that is stored is removed for everybody. @throws Failure denied 'upload-of-others' */
  remove(id: string): Promise<UploadEvent>;
  /** Resolves with `stored` or `done` when what is under way is over. @throws Failure why it failed */
  finished(id: string): Promise<UploadEvent>;
  /** Every event from now on, without counting as watching. The function it gives back ends that. */
  follow(listener: (event: UploadEvent) => void): () => void;
}
