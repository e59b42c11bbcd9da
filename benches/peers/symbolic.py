#!/usr/bin/env python3
"""The eight identities of `identities/` proved by thalweg, Maxima and SymPy, timed in one run on one machine.

    python3 benches/peers/symbolic.py

Needs a Rust toolchain; a peer that is not installed is skipped by name. Every time is of the decision alone, in a process
that has started, read its input and decided the same identity before. SymPy caches results: its column is the least of five
runs of `simplify` with the cache emptied before each, and the one in brackets of five with the cache kept.
"""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
IDS = [f"I{k}" for k in range(1, 9)]

MAXIMA = r"""
display2d:false$
assume(k>0,Dl>0,f>0,e>0,h>0,C>0)$
run(nm,ex):=block([t0,r,i], ev(ex,nouns), t0:elapsed_real_time(), r:false, for i:1 thru 300 do r:ev(ex,nouns),
  print(concat("RESULT ",nm," ",if r=0 then "zero" else "other"," ",(elapsed_real_time()-t0)/300*1000.0)))$
I1():=block([p,lam], depends([F,L0],x), p:F^k*exp(-k*L0/Dl), lam:F^-2,
  ratsimp(radcan(-(diff(L0,x)+diff(lam,x)*Dl*F^2/2)*p-Dl/k*diff(p,x))))$
I2():=block([m0,m2,lam,pre], m0:subst(f=F,integrate(exp(-y^2/(2*f^2*Dl)),y,minf,inf)),
  m2:subst(f=F,integrate(y^2*exp(-y^2/(2*f^2*Dl)),y,minf,inf)), lam:F^-2, pre:F^(k-1)*exp(-k*L0/Dl),
  ratsimp(radcan(-(diff(L0,x)*m0+diff(lam,x)/2*m2)*pre-Dl/k*diff(pre*m0,x))))$
I3():=block([P], depends([l,L0],x), P:exp(-(L0+l*y^2/2)/Dl),
  ratsimp(diff((diff(L0,x)+diff(l,x)*y^2/2)*P,x)+Dl*diff(P,x,2)+diff(l*y*P,y)+Dl*diff(P,y,2)))$
I4():=block([S], S:e*C/(h*(2-e*h)), ratsimp((1-e*h)^2*S+e^2*C-S))$
I5():=block([g,u,ph], depends([l,p],x), g:diff(l,x)/(2*l), u:y*sqrt(l/Dl), ph:sqrt(l/Dl)*exp(-l*y^2/(2*Dl)),
  ratsimp(radcan(diff(p*(u^2-1)*ph,x)-((diff(p,x)-2*g*p)*(u^2-1)*ph-g*p*(u^4-6*u^2+3)*ph))))$
I6():=block([m,a,d], depends(f1,x), m:-(f1+e/2*f1*diff(f1,x)), a:x+e*m+e^2/2*m*diff(m,x), d:expand(a-(x-e*f1)),
  expand(coeff(d,e,0)+e*coeff(d,e,1)+e^2*coeff(d,e,2)))$
I7():=block([V,bx,by], V:L0+l*y^2/2, bx:-(diff(L0,x)+diff(l,x)*y^2/2), by:-l*y,
  ratsimp(diff(V,x)^2+diff(V,y)^2+bx*diff(V,x)+by*diff(V,y)))$
I8():=block([], depends(LL,[x,y]),
  ratsimp(diff(e/4*(diff(LL,x)^2+diff(LL,y)^2),x)-e/2*(diff(LL,x,2)*diff(LL,x)+diff(LL,x,1,y,1)*diff(LL,y))))$
run("I1",'(I1()))$ run("I2",'(I2()))$ run("I3",'(I3()))$ run("I4",'(I4()))$
run("I5",'(I5()))$ run("I6",'(I6()))$ run("I7",'(I7()))$ run("I8",'(I8()))$
"""

SYMPY = r"""
import json, time
import sympy as s
from sympy.core.cache import clear_cache
x, y = s.symbols("x y", real=True)
D, k, f, h, e, C = s.symbols("Delta kappa f h eta C", positive=True)
fun = lambda name, **known: s.Function(name, **known)
def i1():
    F, L = fun("F")(x), fun("L0")(x)
    p = F**k*s.exp(-k*L/D)
    return -(s.diff(L, x) + s.diff(F**-2, x)*D*F**2/2)*p - D/k*s.diff(p, x)
def i2():
    F, L = fun("F", positive=True)(x), fun("L0", real=True)(x)
    m0 = s.integrate(s.exp(-y**2/(2*f**2*D)), (y, -s.oo, s.oo)).subs(f, F)
    m2 = s.integrate(y**2*s.exp(-y**2/(2*f**2*D)), (y, -s.oo, s.oo)).subs(f, F)
    pre = F**(k-1)*s.exp(-k*L/D)
    return -(s.diff(L, x)*m0 + s.diff(F**-2, x)/2*m2)*pre - D/k*s.diff(pre*m0, x)
def i3():
    l, L = fun("lam")(x), fun("L0")(x)
    P = s.exp(-(L + l*y**2/2)/D)
    return s.diff((s.diff(L, x) + s.diff(l, x)*y**2/2)*P, x) + D*s.diff(P, x, 2) + s.diff(l*y*P, y) + D*s.diff(P, y, 2)
def i4():
    S = e*C/(h*(2 - e*h))
    return (1 - e*h)**2*S + e**2*C - S
def i5():
    l, p = fun("lam", positive=True)(x), fun("p")(x)
    g = s.diff(l, x)/(2*l)
    u, ph = y*s.sqrt(l/D), s.sqrt(l/D)*s.exp(-l*y**2/(2*D))
    he2, he4 = u**2 - 1, u**4 - 6*u**2 + 3
    return s.diff(p*he2*ph, x) - ((s.diff(p, x) - 2*g*p)*he2*ph - g*p*he4*ph)
def i6():
    F = fun("f")(x)
    m = -(F + e/2*F*s.diff(F, x))
    d = s.expand(x + e*m + e**2/2*m*s.diff(m, x) - (x - e*F))
    return d.coeff(e, 0) + e*d.coeff(e, 1) + e**2*d.coeff(e, 2)
def i7():
    l, L = fun("lam")(x), fun("L0")(x)
    V = L + l*y**2/2
    bx, by = -(s.diff(L, x) + s.diff(l, x)*y**2/2), -l*y
    return s.diff(V, x)**2 + s.diff(V, y)**2 + bx*s.diff(V, x) + by*s.diff(V, y)
def i8():
    L = fun("L")(x, y)
    whole = s.diff(e/4*(s.diff(L, x)**2 + s.diff(L, y)**2), x)
    return whole - e/2*(s.diff(L, x, x)*s.diff(L, x) + s.diff(L, x, y)*s.diff(L, y))
for name, build in [("I1", i1), ("I2", i2), ("I3", i3), ("I4", i4), ("I5", i5), ("I6", i6), ("I7", i7), ("I8", i8)]:
    times = {"emptied": [], "kept": []}
    for cache in times:
        for _ in range(6):
            if cache == "emptied":
                clear_cache()
            start = time.perf_counter()
            zero = s.simplify(build()) == 0
            times[cache].append(1e3*(time.perf_counter() - start))
    print(json.dumps({"id": name, "proved": bool(zero), "ms": min(times["emptied"][1:]), "cached_ms": min(times["kept"][1:])}))
"""


def own():
    lines = subprocess.run(
        ["cargo", "bench", "--quiet", "--bench", "identities", "--", str(HERE / "identities")],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


def maxima():
    if shutil.which("maxima") is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".mac") as file:
        file.write(MAXIMA)
        file.flush()
        out = subprocess.run(["maxima", "--very-quiet", "-b", file.name], capture_output=True, text=True).stdout
    rows = {}
    for line in out.splitlines():
        words = line.split()
        if words[:1] == ["RESULT"] and len(words) == 4 and words[1] in IDS:
            rows[words[1]] = {"proved": words[2] == "zero", "ms": float(words[3])}
    return rows


def sympy():
    python = os.environ.get("THALWEG_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import sympy"], capture_output=True).returncode != 0:
        return None
    out = subprocess.run([python, "-c", SYMPY], capture_output=True, text=True, check=True).stdout
    return {row["id"]: row for row in map(json.loads, out.splitlines())}


def library():
    """Process time of the whole library with its wrong variants, the least of five."""
    subprocess.run(["cargo", "build", "--quiet", "--release"], cwd=ROOT, check=True)
    target = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    program = pathlib.Path(json.loads(target)["target_directory"]) / "release" / "thalweg"
    spent = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([program, "--quiet", "prove", "derivations"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def main():
    ours, peers = own(), {"Maxima": maxima(), "SymPy": sympy()}
    for name, rows in peers.items():
        if rows is None:
            print(f"{name} is not installed: skipped")
    def cell(row, key="ms"):
        return "failed" if row is None or not row["proved"] else f"{row[key]:.3g}"
    print("\n| identity | thalweg, ms | Maxima, ms | ratio | SymPy, ms | ratio |\n|---|---|---|---|---|---|")
    for name in IDS:
        mine = ours.get(name)
        line = [name, cell(mine)]
        for peer, rows in peers.items():
            if rows is None:
                line += ["skipped", "-"]
                continue
            row = rows.get(name)
            brackets = f" ({cell(row, 'cached_ms')})" if peer == "SymPy" else ""
            fair = mine and mine["proved"] and row and row["proved"]
            line += [cell(row) + brackets, f"{row['ms'] / mine['ms']:.1f}" if fair else "-"]
        print("| " + " | ".join(line) + " |")
    wrong = [name for name, row in ours.items() if not row["mutants_refuted"]]
    print(f"\nwrong variants refuted: {'all' if not wrong else 'not those of ' + ', '.join(wrong)}")
    print(f"derivations/, every claim and wrong variant, process time: {library():.3f} s")


if __name__ == "__main__":
    main()
