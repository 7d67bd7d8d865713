import { testEndings } from '../support/endings.js';

testEndings(() => true);
