import { isAtLeast, type Kind } from '../ttlv/index.js'

/**
 * A field whose type changed with KMIP 2.0. It reads either type, whatever the version, and writes only the one that
 * the version has.
 * @param isFormer tells a value of the type before 2.0 from one of the type since
 */
export function changedWith2<A, B>(
  former: Kind<A>,
  current: Kind<B>,
  isFormer: (value: A | B) => value is A,
): Kind<A | B> {
  return {
    types: former.types | current.types,
    read: (frame, type, at, length) =>
      (((former.types >> type) & 1) === 1 ? former : current).read(frame, type, at, length),
    write(writer, tag, value) {
      const isCurrent = writer.version === undefined || isAtLeast(writer.version, '2.0')
      if (isFormer(value)) {
        if (writer.version !== undefined && isCurrent)
          writer.reject('a value of KMIP 2.0 and later', 'a former')
        former.write(writer, tag, value)
      } else {
        if (!isCurrent) writer.reject('a value of KMIP 1.x', 'a later')
        current.write(writer, tag, value)
      }
    },
  }
}
