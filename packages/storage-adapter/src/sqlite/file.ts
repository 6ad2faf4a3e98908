import { chmod, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { describeError, TrustholdError } from '@trusthold/core/errors'

const onlyOwner = 0o600

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}

function refusePath(reason: string): never {
  throw new TrustholdError('CONFIGURATION_INVALID', { name: 'path', reason })
}

async function assertDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error
  })
  if (!found?.isDirectory()) refusePath(`the directory ${directory} does not exist`)
}

// An existing file is not opened: closing it again would drop the locks that SQLite holds on it in this process.
async function createFile(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', onlyOwner)).close()
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

async function restrict(path: string): Promise<void> {
  await chmod(path, onlyOwner).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
}

/**
 * Makes sure that the database file exists and that only its owner can read and write it, and the files beside it.
 * SQLite gives new files beside it the same mode.
 * @returns the absolute path
 * @throws CONFIGURATION_INVALID when there is no such directory, or something else than a file
 * @throws STORE_UNAVAILABLE when the system refuses
 */
export async function prepareFile(path: string): Promise<string> {
  if (typeof path !== 'string' || path === '' || path === ':memory:' || path.includes('\0')) {
    refusePath('must name a file')
  }
  const absolute = resolve(path)
  try {
    await assertDirectory(dirname(absolute))
    await createFile(absolute)
    if (!(await stat(absolute)).isFile()) refusePath(`${absolute} is not a file`)
    for (const suffix of ['', '-wal', '-shm']) await restrict(absolute + suffix)
  } catch (error) {
    if (error instanceof TrustholdError) throw error
    const reason = describeError(error)
    throw new TrustholdError('STORE_UNAVAILABLE', { operation: 'open', reason }, { cause: error })
  }
  return absolute
}
