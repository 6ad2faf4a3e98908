import { TrustholdError } from '../errors/index.js'

/**
 * The error for something that is above its limit.
 * @param path the log and the place in it, such as `ImaLog.entries`
 */
export function exceeded(path: string, offset: number, limit: number, actual: number): TrustholdError {
  return new TrustholdError('CODEC_LIMIT', { path, offset, limit, actual })
}
