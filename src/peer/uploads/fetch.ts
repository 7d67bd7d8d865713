import { sameBytes } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { openUploadBlock } from '../../crypto/upload-blocks.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { UPLOAD_BLOCK_BYTES } from '../../wire/limits.js';
import type { UploadRow } from '../storage/tables.js';
import { fetchSealedFile, type SealedFile } from '../transfers/sealed-file.js';

export interface FetchInit extends Pick<SealedFile, 'clock' | 'signal' | 'folder' | 'onProgress'> {
  readonly row: UploadRow;
  readonly directoryId: string;
  readonly request: DirectoryRequest;
}

/**
 * Fetches a file into a folder, once all of it is there and is what its uploader said.
 * @returns where it is
 * @throws Failure unknown 'upload-gone', trust 'upload-damaged', and as `fetchSealedFile`
 */
export function fetchFile({ row, directoryId, request, ...where }: FetchInit): Promise<string> {
  const { group, id: upload, size, key, sum, name } = row;
  const place = { directoryId, group, upload, size };
  return fetchSealedFile({
    ...{ ...where, id: upload, name, size, block: UPLOAD_BLOCK_BYTES, spoilt: 'upload-damaged' },
    async fetch(block) {
      const { sealed } = await request('uploads.get', { group, upload, block });
      const plain = openUploadBlock(key, place, block, sealed);
      if (plain === undefined) throw damaged(row);
      return plain;
    },
    judge(fetched) {
      if (!sameBytes(fetched, sum)) throw damaged(row);
    },
  });
}

const damaged = ({ name, from }: UploadRow): Failure =>
  new Failure('upload-damaged', `${name} is not what ${from} uploaded`, {
    hint: `Ask ${from} to upload it again; if it happens again, tell the operator of the directory.`,
  });
