import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-D7GWQNRO.js";import"./chunk-L3GBZ32S.js";import"./chunk-FT3TRW2S.js";import"./chunk-72IMWDS2.js";import"./chunk-JO6M2EVI.js";export{a as default,b as hashWorker};
