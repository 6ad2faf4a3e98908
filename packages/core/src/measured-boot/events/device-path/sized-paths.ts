import { type Codec, type Reader, u64le, type Writer } from '../../../codec/index.js'
import { repeated } from '../repeated.js'
import { type DevicePath, efiDevicePath } from './device-path.js'

const paths = repeated(efiDevicePath)
const sizeOfSize = 8

/** A size of 64 bits and device paths that take up that many bytes; none when it is 0. */
export const sizedDevicePaths: Codec<readonly DevicePath[]> = {
  name: paths.name,
  read(r: Reader) {
    return paths.read(r.part(Number(u64le.read(r))))
  },
  write(w: Writer, value) {
    const at = w.length
    u64le.write(w, 0n)
    paths.write(w, value)
    const size = new DataView(new ArrayBuffer(sizeOfSize))
    size.setBigUint64(0, BigInt(w.length - at - sizeOfSize), true)
    w.patch(at, new Uint8Array(size.buffer))
  },
}
