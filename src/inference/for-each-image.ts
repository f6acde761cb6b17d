import { AppError } from '../errors.js';

/**
 * Does the work for all images of a call at once. Where there are several, an error says which one it is about.
 * @throws AppError as the work, of the image that fails first
 */
export function forEachImage<Image, Result>(
  images: readonly Image[],
  work: (image: Image) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(
    images.map(async (image, at) => {
      try {
        return await work(image);
      } catch (error) {
        if (images.length === 1 || !(error instanceof AppError)) throw error;
        throw new AppError(
          error.code,
          `Image ${String(at + 1)} of ${String(images.length)}: ${error.message}`,
          { details: { ...error.details, argument: `images.${String(at)}` }, cause: error },
        );
      }
    }),
  );
}
