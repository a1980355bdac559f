import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{b as a,c as b}from"./chunk-BPRJQWY7.js";import"./chunk-72IMWDS2.js";import"./chunk-PD4SITKF.js";import"./chunk-DMOYVHZW.js";import"./chunk-JO6M2EVI.js";export{a as default,b as describeWorker};
