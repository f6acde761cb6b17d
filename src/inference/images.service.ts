import pLimit from 'p-limit';
import { AppError } from '../errors.js';
import type { AccountId } from '../platform/ids.js';
import { forEachImage } from './for-each-image.js';
import { type ImageFile, imageFileOf } from './embedding.service.js';
import { checkSource, decodeImageText, IMAGE_BYTES_MAX, type ImageSource } from './image-source.js';
import type { ImageDownloader } from './image-url.gateway.js';
import type { UploadsService } from './uploads.service.js';

/** An image of a call that was checked, and is there when it is asked for. */
export interface PreparedImage {
  /** Tells two images of requests apart without keeping one. */
  readonly identity: object;
  load(signal: AbortSignal): Promise<ImageFile>;
}

/** Of a classification. */
const IMAGES_MAX = 16;
/** Of an embedding. */
export const EMBED_IMAGES_MAX = 64;

/** Images of one call that are fetched, or wait for the predictor, at the same time: they leave room for other calls. */
export const IMAGES_AT_ONCE = 16;

/** Bytes of all images of a call together, wherever they come from: 16 of the largest. */
const BYTES_MAX = 16 * IMAGE_BYTES_MAX;

/** Gets the images of a call, wherever they are. */
export class ImagesService {
  constructor(
    private readonly downloader: ImageDownloader,
    private readonly uploads: Pick<UploadsService, 'get' | 'read'>,
  ) {}

  /**
   * Everything that can be said of them before anything is fetched.
   * @throws AppError BAD_USER_INPUT, PAYLOAD_TOO_LARGE, NOT_FOUND
   */
  async prepare(
    accountId: AccountId,
    images: readonly ImageSource[],
    imagesMax = IMAGES_MAX,
  ): Promise<readonly PreparedImage[]> {
    if (images.length === 0 || images.length > imagesMax) {
      throw new AppError(
        'BAD_USER_INPUT',
        `A call can have 1 to ${String(imagesMax)} images (got ${String(images.length)}). Split them into several calls.`,
        { details: { argument: 'images' } },
      );
    }
    return forEachImage(images, (image) => this.prepareOne(accountId, image));
  }

  /**
   * Fetches the images of a call, at most `IMAGES_AT_ONCE` at the same time.
   * @returns in the order of the call
   * @throws AppError as `PreparedImage.load`, and PAYLOAD_TOO_LARGE: nothing more is fetched then
   */
  load(images: readonly PreparedImage[], signal: AbortSignal): Promise<readonly ImageFile[]> {
    const inSlices = pLimit(IMAGES_AT_ONCE);
    let bytes = 0;
    return forEachImage(images, (image) =>
      inSlices(async () => {
        if (bytes > BYTES_MAX) throw tooLarge();
        const file = await image.load(signal);
        bytes += file.bytes.length;
        if (bytes > BYTES_MAX) throw tooLarge();
        return file;
      }),
    );
  }

  private async prepareOne(accountId: AccountId, image: ImageSource): Promise<PreparedImage> {
    checkSource(image);
    const { base64, url, uploadId } = image;
    if (base64 !== undefined) {
      const file = imageFileOf(decodeImageText(base64));
      return { identity: { sha256: file.sha256 }, load: () => Promise.resolve(file) };
    }
    if (uploadId !== undefined) {
      const upload = await this.uploads.get(accountId, uploadId);
      if (!upload.mediaType.startsWith('image/')) {
        throw new AppError('BAD_USER_INPUT', `${uploadId} is not an image.`, {
          details: { argument: 'image' },
        });
      }
      return {
        identity: { uploadId },
        load: async () => imageFileOf(await this.uploads.read(upload)),
      };
    }
    return {
      identity: { url },
      load: async (signal) => imageFileOf(await this.downloader.download(url ?? '', signal)),
    };
  }
}

function tooLarge(): AppError {
  return new AppError(
    'PAYLOAD_TOO_LARGE',
    `The images of a call can have at most ${String(BYTES_MAX / 2 ** 20)} MiB in total. Split them into several calls.`,
  );
}
