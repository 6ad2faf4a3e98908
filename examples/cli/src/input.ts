import { type FileHandle, open } from 'node:fs/promises'
import { UserError } from './user-error.js'

/** A file that was read, or standard input. */
export interface Input {
  /** How the user named it, for messages. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** Reads what the user names. */
export interface InputReader {
  /**
   * Reads a whole file, or standard input for `-`.
   * @param limit bytes that it may have at most
   * @throws UserError when it cannot be read, is empty, a directory, or larger than the limit; or when standard input
   *   was read before
   */
  read(path: string, limit: number): Promise<Input>
}

const chunkBytes = 64 * 1024

/** A reader for one run of the command: standard input can be one of its inputs only. */
export function createInputReader(stdin: () => AsyncIterable<Uint8Array>): InputReader {
  let taken = false
  return {
    async read(path, limit) {
      if (path !== '-') return { name: path, bytes: await readFileWithin(path, limit) }
      if (taken) throw new UserError('only one of the inputs can be standard input (-)')
      taken = true
      const name = 'standard input'
      try {
        return { name, bytes: await collect(name, stdin(), limit) }
      } catch (error) {
        throw unreadable(name, error)
      }
    },
  }
}

async function readFileWithin(path: string, limit: number): Promise<Uint8Array> {
  const file = await openFile(path)
  try {
    return await collect(path, chunksOf(path, file), limit)
  } finally {
    await file.close()
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** Files of the kernel state a size of 0 or one that is not true: only reading tells. */
async function* chunksOf(path: string, file: FileHandle): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = new Uint8Array(chunkBytes)
    const { bytesRead } = await file.read(chunk, 0, chunk.length).catch((error: unknown) => {
      throw unreadable(path, error)
    })
    if (bytesRead === 0) return
    yield chunk.subarray(0, bytesRead)
  }
}

async function collect(name: string, chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > limit) throw new UserError(`${name}: expected at most ${limit} bytes, found more`)
    parts.push(chunk)
  }
  if (length === 0) throw new UserError(`${name}: expected content, found an empty file`)
  return new Uint8Array(Buffer.concat(parts))
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'a part of its path is no directory',
  EISDIR: 'expected a file, found a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'its name is too long',
}

/** Why the operating system does not let a file or directory be read. */
export function unreadable(path: string, error: unknown): UserError {
  if (error instanceof UserError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return new UserError(`${path}: cannot be read: ${reasons[code] ?? code}`, error)
}
