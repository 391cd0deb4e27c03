#!/usr/bin/env node
import module from 'node:module';
import { main } from './cli.js';

// Compiling TypeScript's source is a quarter of a run; Node 22.1 and later can keep the result.
(module as { enableCompileCache?: () => void }).enableCompileCache?.();

process.exitCode = await main(process.argv.slice(2));
