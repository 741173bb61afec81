import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cleanup } from '../helpers/cleanup.ts'

/** A folder of files as Kubernetes mounts a Secret: each file is a link into a version, and versions are swapped. */
export class Mounted {
  readonly #root: string
  #version = 0

  constructor (cleanup: Cleanup, files: Readonly<Record<string, string>>) {
    this.#root = mkdtempSync(join(tmpdir(), 'lokean-mounted-'))
    cleanup.add(() => { rmSync(this.#root, { recursive: true }) })
    this.swap(files)
    for (const name of Object.keys(files)) symlinkSync(join('..data', name), this.path(name))
  }

  path (name: string): string {
    return join(this.#root, name)
  }

  /** All files change at once. */
  swap (files: Readonly<Record<string, string>>): void {
    const version = `..${++this.#version}`
    mkdirSync(join(this.#root, version))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#root, version, name), text)
    symlinkSync(version, this.path('..next'))
    renameSync(this.path('..next'), this.path('..data'))
  }

  /** One file changes where it lies. */
  write (name: string, text: string): void {
    writeFileSync(this.path(name), text)
  }

  /** One file is not there, until it is written. */
  remove (name: string): void {
    rmSync(join(this.#root, `..${this.#version}`, name))
  }
}
