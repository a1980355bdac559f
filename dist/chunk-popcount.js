import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{__name}from"./chunk-shared-2.js";function popcount(word){let pairs=word-(word>>>1&1431655765),fours=(pairs&858993459)+(pairs>>>2&858993459);return Math.imul(fours+(fours>>>4)&252645135,16843009)>>>24}__name(popcount,"popcount");export{popcount};
