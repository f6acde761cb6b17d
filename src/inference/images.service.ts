import { AppError } from '../errors.js';
import type { AccountId } from '../platform/ids.js';
import { forEachImage } from './each-image.js';
import { type ImageFile, imageFileOf } from './embedding.service.js';
import { checkSource, decodeImageText, type ImageSource } from './image-source.js';
import type { ImageDownloader } from './image-url.gateway.js';
import type { UploadsService } from './uploads.service.js';

/** An image of a call that was checked, and is there when it is asked for. */
export interface PreparedImage {
  /** Tells two images of requests apart without keeping one. */
  readonly identity: object;
  load(signal: AbortSignal): Promise<ImageFile>;
}

const IMAGES_MAX = 16;

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
  ): Promise<readonly PreparedImage[]> {
    if (images.length === 0 || images.length > IMAGES_MAX) {
      throw new AppError('BAD_USER_INPUT', `A call has 1 to ${String(IMAGES_MAX)} images.`, {
        details: { argument: 'images' },
      });
    }
    return forEachImage(images, (image) => this.prepareOne(accountId, image));
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
        throw new AppError('BAD_USER_INPUT', `${uploadId} is no image.`, {
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
