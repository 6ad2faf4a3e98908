/**
 * What may run: base images, and the index that finds the one a host booted.
 * @module
 */
export { type BaseImage, baseImageVersion, type ReferenceEvent, type ReferencePcr } from './base-image.js'
export { decodeBaseImage, encodeBaseImage } from './base-image-codec.js'
export { BaseImageIndex, type ClosestImage, type ImageMatch, type MeasuredState } from './base-image-index.js'
export { type CaptureInput, captureBaseImage } from './capture.js'
export type { ImageDifference } from './difference.js'
export { readBaseImage } from './read-base-image.js'
