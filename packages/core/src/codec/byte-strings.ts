import type { Codec } from './codec.js'
import { within } from './failure.js'
import type { Reader } from './reader.js'
import { Writer } from './writer.js'

/** Exactly `length` bytes. */
export function bytesOf(length: number): Codec<Uint8Array> {
  return {
    name: `bytes(${length})`,
    read: (r) => r.bytes(length),
    write(w: Writer, v) {
      if (v.length !== length) w.reject(`${length} bytes`, `${v.length} bytes`)
      w.bytes(v)
    },
  }
}

/** All bytes up to the end of the enclosing structure. */
export const rest: Codec<Uint8Array> = {
  name: 'rest',
  read: (r) => r.bytes(r.remaining),
  write: (w, v) => w.bytes(v),
}

/** A length and that many bytes; `max` bounds the length. */
export function sizedBytes(length: Codec<number>, max: number): Codec<Uint8Array> {
  return {
    name: 'bytes',
    read(r: Reader) {
      const at = r.offset
      const size = length.read(r)
      if (size > max) r.exceed(max, size, at)
      return r.bytes(size)
    },
    write(w: Writer, v) {
      if (v.length > max) w.reject(`at most ${max} bytes`, `${v.length} bytes`)
      length.write(w, v.length)
      w.bytes(v)
    },
  }
}

/**
 * As {@link sizedBytes}, but what is read is a view of the input instead of a copy: for event logs and the like, which are
 * large and only read. Whoever decodes must not change the input afterwards.
 */
export function sizedView(length: Codec<number>, max: number): Codec<Uint8Array> {
  return {
    ...sizedBytes(length, max),
    read(r: Reader) {
      const at = r.offset
      const size = length.read(r)
      if (size > max) r.exceed(max, size, at)
      return r.view(size)
    },
  }
}

/** A length in bytes and a structure that takes up exactly these. */
export function sized<T>(length: Codec<number>, inner: Codec<T>, max: number): Codec<T> {
  return {
    name: inner.name,
    read(r: Reader) {
      const at = r.offset
      const size = length.read(r)
      if (size > max) r.exceed(max, size, at)
      const part = r.part(size)
      const value = inner.read(part)
      part.end()
      return value
    },
    write(w: Writer, v) {
      const at = w.length
      length.write(w, 0)
      const start = w.length
      inner.write(w, v)
      const size = w.length - start
      if (size > max) w.reject(`at most ${max} bytes`, `${size} bytes`)
      w.patch(at, lengthBytes(length, size))
    },
  }
}

/** A count and that many values; `max` bounds the count before anything is read. */
export function listOf<T>(count: Codec<number>, inner: Codec<T>, max: number): Codec<readonly T[]> {
  return {
    name: `${inner.name}[]`,
    read(r: Reader) {
      const at = r.offset
      const length = count.read(r)
      if (length > max) r.exceed(max, length, at)
      const values: T[] = []
      try {
        for (let i = 0; i < length; i++) values.push(inner.read(r))
      } catch (error) {
        throw within(error, `[${values.length}]`)
      }
      return values
    },
    write(w: Writer, v) {
      if (v.length > max) w.reject(`at most ${max} values`, `${v.length} values`)
      count.write(w, v.length)
      v.forEach((value, i) => {
        try {
          inner.write(w, value)
        } catch (error) {
          throw within(error, `[${i}]`)
        }
      })
    },
  }
}

function lengthBytes(length: Codec<number>, size: number): Uint8Array {
  const writer = new Writer()
  length.write(writer, size)
  return writer.finish()
}
