import fc from 'fast-check'
import { anySeed } from './seed.ts'

/** The property tests of this process begin with `LOKEAN_TEST_SEED`. To be imported before them, where it is set. */
fc.configureGlobal({ seed: anySeed() })
