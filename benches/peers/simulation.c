// Hand-written peer: valley SDE, Euler-Maruyama, float64, xoshiro256+ xW lanes, vector Box-Muller.
// MODE 0 full   : ~1e-15 polynomials (log via vpermi2pd table on AVX-512, atanh form on AVX2), 2 x 64-bit draws/step
// MODE 1 quick  : ~1e-9..1e-10 polynomials, one 64-bit draw split 32/32 (tail 6.66 sigma)
// MODE 2 rot    : quick + sin x, cos x carried by small-angle rotation, resync every 32 steps
// MODE 3 binom  : rot + weak-Euler binomial(32) increments by popcount (NOT Gaussian; same weak order 1)
// MODE 4 sleef  : SLEEF u35 log/sincospi/sincos in place of own polynomials
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <math.h>
#include <time.h>
#include <pthread.h>
#include <immintrin.h>
#include "coefficients.h"
// TL is used with +128 ln2 (unlocked path adds it; LOCK path folds it at start-up)
#ifndef MODE
#define MODE 0
#endif
#ifdef __AVX512F__
#define W 8
#define ISA "avx512"
#else
#define W 4
#define ISA "avx2"
#endif
#ifndef U
#define U 4
#endif
#if MODE==4
#include <sleef.h>
#endif
typedef double   vd __attribute__((vector_size(8*W)));
typedef uint64_t vu __attribute__((vector_size(8*W)));
typedef int64_t  vi __attribute__((vector_size(8*W)));
#define AI static inline __attribute__((always_inline))
AI vd B(double a){ return a-(vd){}; }
#if W==8
AI vd vfma(vd a,vd b,vd c){ return (vd)_mm512_fmadd_pd((__m512d)a,(__m512d)b,(__m512d)c); }
AI vd vsqrt(vd a){ return (vd)_mm512_sqrt_pd((__m512d)a); }
AI vd cvtu(vu a){ return (vd)_mm512_cvtepu64_pd((__m512i)a); }
AI vd cvti(vu a){ return (vd)_mm512_cvtepi64_pd((__m512i)a); }
AI vd signx(vd a,vu s){ // a ^ (s & signbit)
  return (vd)_mm512_ternarylogic_epi64((__m512i)a,(__m512i)s,_mm512_set1_epi64(0x8000000000000000ull),0x78); }
#else
AI vd vfma(vd a,vd b,vd c){ return (vd)_mm256_fmadd_pd((__m256d)a,(__m256d)b,(__m256d)c); }
AI vd vsqrt(vd a){ return (vd)_mm256_sqrt_pd((__m256d)a); }
AI vd signx(vd a,vu s){ return (vd)((vu)a ^ (s & (0x8000000000000000ull-(vu){}))); }
#endif
AI vd poly(vd x,const double*c,int n){ vd r=B(c[n-1]);
#pragma GCC unroll 16
  for(int i=n-2;i>=0;i--) r=vfma(r,x,B(c[i])); return r; }
#define NP(a) ((int)(sizeof(a)/8))
#if MODE==0||MODE==4
#define STC ST_F
#define CTC CT_F
#define SRC SR_F
#define CRC CR_F
#define LGC LG_F
#define ATC AT_F
#else
#define STC ST_Q
#define CTC CT_Q
#define SRC SR_Q
#define CRC CR_Q
#define LGC LG_Q
#define ATC AT_Q
#endif
AI vu rotl(vu x,int k){ return (x<<k)|(x>>(64-k)); }
typedef struct { vu a,b,c,d; } rng_t;
AI vu next(rng_t*s){ vu r=s->a+s->d,t=s->b<<17; s->c^=s->a; s->d^=s->b; s->b^=s->c; s->a^=s->d; s->c^=t; s->d=rotl(s->d,45); return r; }
static uint64_t sm(uint64_t*z){ uint64_t x=(*z+=0x9e3779b97f4a7c15ull); x=(x^(x>>30))*0xbf58476d1ce4e5b9ull; x=(x^(x>>27))*0x94d049bb133111ebull; return x^(x>>31); }
static void seed(rng_t*s,uint64_t z){ uint64_t*p=(uint64_t*)s; for(int i=0;i<4*W;i++) p[i]=sm(&z); }

// -2 ln(u) from a 64-bit draw
AI vd m2log(vu r){
#if W==8
  vd v=cvtu(r); 
  vd m=(vd)_mm512_getmant_pd((__m512d)v,_MM_MANT_NORM_1_2,_MM_MANT_SIGN_zero);
  vd e=(vd)_mm512_getexp_pd((__m512d)v);
  __m512i ix=_mm512_srli_epi64((__m512i)m,48);
  vd c=(vd)_mm512_permutex2var_pd(_mm512_loadu_pd(TC),ix,_mm512_loadu_pd(TC+8));
  vd L=(vd)_mm512_permutex2var_pd(_mm512_loadu_pd(TL),ix,_mm512_loadu_pd(TL+8));
  vd t=vfma(m,c,B(-1.0));
  vd base=vfma(e,B(-2*M_LN2),L+B(128*M_LN2));
  return vfma(t,poly(t,LGC,NP(LGC)),base);
#else
  // AVX2: u = 52-bit in (0,1]: 2-[1,2); split exponent/mantissa by bits; atanh form with one division
  vu bits=(r>>12)|(0x3ff0000000000000ull-(vu){});
  vd u=B(2.0)-(vd)bits;                      // (0,1]
  vu ub=(vu)u; 
  vd m=(vd)((ub&(0x000fffffffffffffull-(vu){}))|(0x3ff0000000000000ull-(vu){}));
  vu eb=(ub>>52)|(0x4330000000000000ull-(vu){});
  vd e=(vd)eb-B(4503599627370496.0+1023.0);
  vd s=(m-B(M_SQRT2))/(m+B(M_SQRT2)); vd s2=s*s;
  return vfma(s,poly(s2,ATC,NP(ATC)),vfma(e,B(-2*M_LN2),B(-M_LN2)));
#endif
}
// sin,cos of a uniform angle from a 64-bit draw (low bit 0 -> sign of cos)
AI void circ(vu r,vu sgn,vd*s,vd*c){
#if W==8
  vd z=cvti(r)*B(0x1p-63);
#else
  vd z=((vd)((r>>12)|(0x3ff0000000000000ull-(vu){}))-B(1.5))*B(2.0);
#endif
  vd w=z*z; *s=z*poly(w,STC,NP(STC)); *c=signx(poly(w,CTC,NP(CTC)),sgn);
}
AI void sincosx(vd x,vd*s,vd*c){
  vd mg=B(6755399441055744.0); vd km=vfma(x,B(1/M_PI),mg); vu par=((vu)km)<<63; vd k=km-mg;
  vd t=vfma(k,B(-3.141592653589793116),x); t=vfma(k,B(-1.2246467991473532e-16),t);
  vd w=t*t; *s=signx(t*poly(w,SRC,NP(SRC)),par); *c=signx(poly(w,CRC,NP(CRC)),par);
}
#if MODE==4
#if W==8
#define SLOG Sleef_logd8_u35avx512f
#define SSCPI Sleef_sincospid8_u35avx512f
#define SSC Sleef_sincosd8_u35avx512f
#define S2 Sleef___m512d_2
#else
#define SLOG Sleef_logd4_u35avx2
#define SSCPI Sleef_sincospid4_u35avx2
#define SSC Sleef_sincosd4_u35avx2
#define S2 Sleef___m256d_2
#endif
#endif
AI void normals(rng_t*g,vd*z1,vd*z2){ 
#if MODE==0
  vu r1=next(g)|(1-(vu){}), r2=next(g); vd s,c; circ(r2,r2<<63,&s,&c); vd R=vsqrt(m2log(r1)); *z1=R*c; *z2=R*s;
#elif MODE==4
  vu r1=next(g), r2=next(g);
  vd u1=B(2.0)-(vd)((r1>>12)|(0x3ff0000000000000ull-(vu){})), u2=(vd)((r2>>12)|(0x3ff0000000000000ull-(vu){}))-B(1.0);
  S2 q=SSCPI(u2+u2); vd R=vsqrt(B(-2.0)*(vd)SLOG(u1)); *z1=R*(vd)q.y; *z2=R*(vd)q.x;
#else
  vu r=next(g); vu r1=(r|(0xffffffffull-(vu){})); vu r2=r<<32; // 32-bit log draw (top), 32-bit angle
  vd s,c; circ(r2,r<<60,&s,&c);
  vd R=vsqrt(m2log(r1)); *z1=R*c; *z2=R*s;
#endif
}
typedef struct { double*x,*y; long n,m; uint64_t sd; } job;
static const double Dl=1,kap=3,S=20,dt=1e-3;
static void* run(void*q){ job*j=q; rng_t g; seed(&g,j->sd);
  const double ax=sqrt(2*Dl*dt/kap), ay=sqrt(2*Dl*dt);
  for(long i=0;i<j->n;i+=W*U){ vd x[U],y[U];
    for(int u=0;u<U;u++){ memcpy(&x[u],j->x+i+W*u,8*W); memcpy(&y[u],j->y+i+W*u,8*W); }
#if MODE==2||MODE==3
    for(long t0=0;t0<j->m;t0+=32){ vd sx[U],cx[U]; long te=j->m-t0<32?j->m-t0:32;
      for(int u=0;u<U;u++) sincosx(x[u],&sx[u],&cx[u]);
      for(long t=0;t<te;t++){
#pragma GCC unroll 8
        for(int u=0;u<U;u++){ vd d; vd y2=y[u]*y[u];
          vd F=vfma(cx[u]*B(0.25*S),y2,x[u]);       // L0' + lam'/2 y^2
          vd la=vfma(sx[u],B(-0.5*S*dt),B(1.0-S*dt));
#if MODE==2
          vd z1,z2; normals(&g,&z1,&z2);
          d=vfma(F,B(-dt),z1*B(ax)); y[u]=vfma(y[u],la,z2*B(ay));
#else
          vu r=next(&g);
#if W==8
          vd p1=cvti((vu)_mm512_popcnt_epi64((__m512i)(r>>32))), p2=cvti((vu)_mm512_popcnt_epi64(_mm512_and_si512((__m512i)r,_mm512_set1_epi64(0xffffffffll))));
#else
#error popcnt mode is AVX-512 only
#endif
          d=vfma(F,B(-dt),vfma(p1,B(ax*0.35355339059327373),B(-16*ax*0.35355339059327373)));
          y[u]=vfma(y[u],la,vfma(p2,B(ay*0.35355339059327373),B(-16*ay*0.35355339059327373)));
#endif
          x[u]+=d; vd w=d*d; 
#if MODE==3
          vd sd=d*vfma(w,B(-1.0/6),B(1.0)), cd=vfma(w,vfma(w,B(1.0/24),B(-0.5)),B(1.0));
#else
          vd sd=d*poly(w,SD,3), cd=poly(w,CD,4);
#endif
          vd s0=sx[u]; sx[u]=vfma(cx[u],sd,s0*cd); cx[u]=vfma(-s0,sd,cx[u]*cd);
        } } }
#else
    for(long t=0;t<j->m;t++){
#pragma GCC unroll 8
      for(int u=0;u<U;u++){ vd z1,z2,s,c; normals(&g,&z1,&z2);
#if MODE==4
        S2 q=SSC((void*)0==(void*)1?x[u]:x[u]); s=(vd)q.x; c=(vd)q.y;
#else
        sincosx(x[u],&s,&c);
#endif
        vd y2=y[u]*y[u]; vd F=vfma(c*B(0.25*S),y2,x[u]); vd la=vfma(s,B(-0.5*S*dt),B(1.0-S*dt));
        x[u]=vfma(F,B(-dt),vfma(z1,B(ax),x[u])); y[u]=vfma(y[u],la,z2*B(ay)); } }
#endif
    for(int u=0;u<U;u++){ memcpy(j->x+i+W*u,&x[u],8*W); memcpy(j->y+i+W*u,&y[u],8*W); } }
  return 0; }
#ifdef LOCK
// lock-step evaluation: the U vectors of a group share each broadcast constant (halves/quarters the load-port work)
#define FU for(int u=0;u<U;u++)
AI void polyU(const vd*x,const double*c,int n,vd*r){
  { vd k=B(c[n-1]), k2=B(c[n-2]); FU r[u]=vfma(k,x[u],k2); }
#pragma GCC unroll 16
  for(int i=n-3;i>=0;i--){ vd k=B(c[i]); FU r[u]=vfma(r[u],x[u],k); } }
AI void stepU(rng_t*g,vd*x,vd*y,vd*sx,vd*cx,double ax,double ay){
  vu r1[U],r2[U]; vd E[U],z[U],w[U],sn[U],cs[U],t[U],L[U];
#if MODE==0
  FU { r1[u]=next(g)|(1-(vu){}); r2[u]=next(g); }
#else
  FU { vu r=next(g); r1[u]=r|(0xffffffffull-(vu){}); r2[u]=r<<32; }
#endif
  vd e[U],m[U];
  __m512d ta=_mm512_loadu_pd(TC),tb=_mm512_loadu_pd(TC+8),la_=_mm512_loadu_pd(TL),lb=_mm512_loadu_pd(TL+8);
  FU { vd v=cvtu(r1[u]); m[u]=(vd)_mm512_getmant_pd((__m512d)v,_MM_MANT_NORM_1_2,_MM_MANT_SIGN_zero); e[u]=(vd)_mm512_getexp_pd((__m512d)v); }
  FU { __m512i ix=_mm512_srli_epi64((__m512i)m[u],48); vd c=(vd)_mm512_permutex2var_pd(ta,ix,tb); L[u]=(vd)_mm512_permutex2var_pd(la_,ix,lb); t[u]=vfma(m[u],c,B(-1.0)); }
  FU L[u]=vfma(e[u],B(-2*M_LN2),L[u]);   // 128 ln2 is folded into TL (see main)
  polyU(t,LGC,NP(LGC),E); FU E[u]=vsqrt(vfma(t[u],E[u],L[u]));
  FU z[u]=cvti(r2[u])*B(0x1p-63); FU w[u]=z[u]*z[u];
  polyU(w,STC,NP(STC),sn); polyU(w,CTC,NP(CTC),cs);
  FU { E[u]=(vd)E[u]; vd zs=z[u]*sn[u]; 
#if MODE==0
    cs[u]=signx(cs[u],r2[u]<<63);
#else
    cs[u]=signx(cs[u],r2[u]<<28);
#endif
    sn[u]=E[u]*zs; cs[u]=E[u]*cs[u]; }   // sn, cs = the two normals
#if MODE!=2
  vu par[U]; FU { vd mg=B(6755399441055744.0); vd km=vfma(x[u],B(1/M_PI),mg); par[u]=((vu)km)<<63; vd k=km-mg; vd tt=vfma(k,B(-3.141592653589793116),x[u]); t[u]=vfma(k,B(-1.2246467991473532e-16),tt); w[u]=t[u]*t[u]; }
  polyU(w,SRC,NP(SRC),sx); polyU(w,CRC,NP(CRC),cx);
  FU { sx[u]=signx(t[u]*sx[u],par[u]); cx[u]=signx(cx[u],par[u]); }
#endif
  FU { vd y2=y[u]*(y[u]*B(0.25*S)); vd F=vfma(cx[u],y2,x[u]); vd la=vfma(sx[u],B(-0.5*S*dt),B(1.0-S*dt));
    y[u]=vfma(y[u],la,sn[u]*B(ay));
    t[u]=vfma(F,B(-dt),cs[u]*B(ax)); x[u]+=t[u]; }
#if MODE==2
  vd sd[U],cd[U]; FU w[u]=t[u]*t[u]; polyU(w,SD,3,sd); polyU(w,CD,4,cd);
  FU { vd d=t[u]*sd[u],s0=sx[u]; sx[u]=vfma(cx[u],d,s0*cd[u]); cx[u]=vfma(-s0,d,cx[u]*cd[u]); }
#endif
}
static void* runL(void*q){ job*j=q; rng_t g; seed(&g,j->sd); const double ax=sqrt(2*Dl*dt/kap), ay=sqrt(2*Dl*dt);
  for(long i=0;i<j->n;i+=W*U){ vd x[U],y[U],sx[U],cx[U]; FU { memcpy(&x[u],j->x+i+W*u,8*W); memcpy(&y[u],j->y+i+W*u,8*W); }
    for(long t0=0;t0<j->m;t0+=32){ long te=j->m-t0<32?j->m-t0:32;
#if MODE==2
      FU sincosx(x[u],&sx[u],&cx[u]);
#endif
      for(long t=0;t<te;t++) stepU(&g,x,y,sx,cx,ax,ay); }
    FU { memcpy(j->x+i+W*u,&x[u],8*W); memcpy(j->y+i+W*u,&y[u],8*W); } }
  return 0; }
#define run runL
#endif
static double now(){ struct timespec t; clock_gettime(CLOCK_MONOTONIC,&t); return t.tv_sec+1e-9*t.tv_nsec; }
#ifdef TESTN
int main(){ rng_t g; seed(&g,7); double m[9]={0}; long n=20000000/W; double cc=0,mx=0;
  for(long i=0;i<n;i++){ vd a,b;
#if MODE!=3
    normals(&g,&a,&b);
#endif
    for(int l=0;l<W;l++){ double p=1,z=a[l]; if(fabs(z)>mx)mx=fabs(z); for(int k=1;k<9;k++){p*=z; m[k]+=p;} cc+=a[l]*b[l]+ (a[l]*a[l]-1)*(b[l]*b[l]-1); } }
  long N=n*W; printf("m1 %.5f m2 %.5f m3 %.5f m4 %.4f m6 %.3f m8 %.2f corr %.5f max %.3f\n",m[1]/N,m[2]/N,m[3]/N,m[4]/N,m[6]/N,m[8]/N,cc/N,mx); }
#else
#ifdef LOCK
#define FOLD for(int i=0;i<16;i++) TL[i]+=128*M_LN2;
#else
#define FOLD
#endif
int main(int ac,char**av){ FOLD long n=ac>1?atol(av[1]):8192,m=ac>2?atol(av[2]):4000; int th=ac>3?atoi(av[3]):1,reps=ac>4?atoi(av[4]):7;
  double*x=aligned_alloc(64,n*8),*y=aligned_alloc(64,n*8); double best=1e9;
  for(int r=0;r<reps;r++){ memset(x,0,n*8); memset(y,0,n*8); double t0=now(); job J[8]; pthread_t T[8];
    for(int k=0;k<th;k++){ J[k]=(job){x+n/th*k,y+n/th*k,n/th,m,1234+77*k+1000*r}; if(k) pthread_create(&T[k],0,run,&J[k]); }
    run(&J[0]); for(int k=1;k<th;k++) pthread_join(T[k],0); double t=now()-t0; if(t<best)best=t; }
  double s=0,sy=0,s4=0; for(long i=0;i<n;i++){ s+=x[i]*x[i]; sy+=y[i]*y[i]; s4+=x[i]; }
  const char*nm[]={"full","quick","rot","binom","sleef"};
  printf("{\"peer\":\"c_%s_%s\",\"walkers\":%ld,\"steps\":%ld,\"threads\":%d,\"seconds\":%.5f,\"ns_per_walker_step\":%.4f,\"mean_x2\":%.6f,\"mean_y2\":%.6f,\"mean_x\":%.5f,\"version\":\"%s U=%d\"}\n",nm[MODE],ISA,n,m,th,best,best/n/m*1e9,s/n,sy/n,s4/n,__VERSION__,U); }
#endif
