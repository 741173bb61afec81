import { constants, createReadStream } from 'node:fs'
import { access, chmod, mkdir, open, readdir, stat, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

const NAME = /^dead-letter-(\d{1,15})\.ndjson$/

/** A file that is being written. Its bytes are those of whole lines. */
export interface OpenFile { readonly handle: FileHandle, readonly path: string, bytes: number }

/** A dead-letter file. `begun` is the number in its name: when it was begun, in ms since the epoch. */
export interface LetterFile { name: string, begun: number, size: number }

/**
 * Makes the directory where it is missing, with the directories above it. They are open to this user only. Rejects
 * where this process may not write there.
 */
export async function makeDirectory (dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode: 0o700 })
  if (first !== undefined) {
    await chmod(dir, 0o700)
    const above = dirname(resolve(first))
    for (let made = resolve(dir); made !== above && made !== dirname(made); made = dirname(made)) await syncDirectory(dirname(made))
  }
  await access(dir, constants.W_OK | constants.X_OK)
}

/** The dead-letter files of the directory, the oldest first. */
export async function listFiles (dir: string): Promise<LetterFile[]> {
  const names = (await readdir(dir)).filter(name => NAME.test(name))
  const files = names.map(async name => ({ name, begun: Number(NAME.exec(name)?.[1]), size: await sizeOf(join(dir, name)) }))
  return (await Promise.all(files)).sort((a, b) => a.begun - b.begun)
}

/** Makes a file that only this user may read, whatever the umask. Resolves when its name is on disk too. */
export async function beginFile (dir: string, begun: number): Promise<OpenFile> {
  const path = join(dir, `dead-letter-${begun}.ndjson`)
  const handle = await open(path, 'ax', 0o600)
  try {
    await handle.chmod(0o600)
    await syncDirectory(dir)
  } catch (error) {
    await handle.close()
    await unlink(path).catch(() => {})
    throw error
  }
  return { handle, path, bytes: 0 }
}

/**
 * Appends a line, and resolves when it is on disk. A line that fails may have left its first half behind, or an empty
 * file: both are taken away as far as the disk allows, and the file must not be used again.
 */
export async function appendLine (file: OpenFile, line: Uint8Array): Promise<void> {
  const { handle, path, bytes } = file
  try {
    await handle.appendFile(line)
    await handle.sync()
    if ((await handle.stat()).nlink === 0) throw new Error('the dead-letter file was deleted while it was written to')
    file.bytes += line.length
  } catch (error) {
    if (bytes > 0) await handle.truncate(bytes).catch(() => {})
    else await unlink(path).catch(() => {})
    throw error
  }
}

/** Deletes a file. Returns how many whole lines it had. */
export async function deleteFile (dir: string, name: string): Promise<number> {
  const path = join(dir, name)
  let lines = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines++
  }
  await unlink(path)
  await syncDirectory(dir)
  return lines
}

const NEWLINE = 0x0a

/** A file that was moved away since the directory was read has no size any more. */
async function sizeOf (path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

/** Resolves when the names in the directory are on disk. Some file systems cannot say so, and answer EINVAL. */
async function syncDirectory (dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
  } finally {
    await handle.close()
  }
}
