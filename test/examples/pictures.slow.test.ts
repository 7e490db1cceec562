/** docs/pictures.md: its `gre` and `se` commands make its pictures; see pictures.test.ts. */
import { testCommands } from './picture-page.ts';

testCommands('gre');
testCommands('se');
