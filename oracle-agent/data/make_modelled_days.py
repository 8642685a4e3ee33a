#!/usr/bin/env python3
"""Writes modelled_household_pv.csv: three summer days of a household with 5 kWp on its roof, MODELLED, not measured.

Nothing in here comes from a real house. The sun is plain geometry with a clear-sky formula, the clouds are drawn by
hand, the load is a sum of curves in the shape of a standard household profile with a few appliances on top. The numbers
are the same on every run: there is no chance in them.

    python3 make_modelled_days.py > modelled_household_pv.csv

Columns as in the Ausgrid solar home data: time, GC (consumption, kW), GG (generation, kW); a row holds for the five
minutes that begin at its time. Time is local solar time.

Sources of the formulas:
- declination: P. I. Cooper, "The absorption of radiation in solar stills", Solar Energy 12 (1969)
- clear-sky global irradiance: B. Haurwitz, "Insolation in relation to cloudiness and cloud density", J. Meteorology 2 (1945)
"""

import math

STEP_MINUTES = 5
FIRST_DAY = 172  # 21 June
DAYS = ["2025-06-21", "2025-06-22", "2025-06-23"]

LATITUDE = math.radians(48.2)
TILT = math.radians(30)  # facing south
PEAK_KW = 5.0
PERFORMANCE = 0.86  # inverter, wires, heat, dirt
DIFFUSE_SHARE = 0.15  # of the clear-sky irradiance

# Per day: (middle in hours, half width in hours, share of the light taken away).
CLOUDS = [
    [(12.9, 0.35, 0.80), (16.2, 0.20, 0.55)],  # clear, one thick cloud after noon, a small one later
    [(9.5, 2.2, 0.75), (13.6, 0.5, 0.60), (15.4, 0.9, 0.85)],  # a grey morning, showers
    [],  # not a cloud
]

# (middle, width, kW): the humps of a household's day.
HUMPS = [(7.2, 0.8, 0.45), (12.3, 1.0, 0.35), (19.3, 1.6, 0.85), (21.8, 0.9, 0.30)]
# Per day: (start, hours, kW).
APPLIANCES = [
    [(6.75, 0.10, 1.9), (11.75, 0.60, 2.1), (13.0, 1.25, 1.1), (18.5, 0.75, 2.4)],
    [(7.00, 0.10, 1.9), (12.00, 0.50, 1.7), (18.25, 1.00, 2.2), (20.0, 1.50, 0.9)],
    [(8.00, 0.15, 1.9), (10.00, 1.50, 2.0), (14.0, 2.00, 1.4), (19.0, 0.75, 2.4)],
]


def generation(day, hour):
    """kW of the plant."""
    declination = math.radians(23.45) * math.sin(2 * math.pi * (284 + FIRST_DAY + day) / 365)
    hour_angle = math.radians(15 * (hour - 12))

    def cosine_of_incidence(latitude):
        return math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(
            declination
        ) * math.cos(hour_angle)

    height = cosine_of_incidence(LATITUDE)  # sine of the sun's elevation
    if height <= 0.01:
        return 0.0
    horizontal = 1098 * height * math.exp(-0.057 / height)  # W/m2
    # A plane tilted to the south sees the sun as a horizontal one does that lies so much nearer to the equator.
    beam = (1 - DIFFUSE_SHARE) * horizontal * max(0.0, cosine_of_incidence(LATITUDE - TILT)) / height
    diffuse = DIFFUSE_SHARE * horizontal * (1 + math.cos(TILT)) / 2
    light = 1.0
    for middle, half_width, share in CLOUDS[day]:
        light *= 1 - share * math.exp(-(((hour - middle) / half_width) ** 4))
    return PEAK_KW * PERFORMANCE * min(1.25, (beam + diffuse) / 1000) * light


def consumption(day, hour):
    """kW of the house."""
    power = 0.16
    for middle, width, height in HUMPS:
        power += height * math.exp(-(((hour - middle) / width) ** 2))
    # A refrigerator: a third of the time, every 45 minutes.
    if (hour * 60 + 24 * 60 * day) % 45 < 15:
        power += 0.09
    for start, hours, height in APPLIANCES[day]:
        if start <= hour < start + hours:
            power += height
    return power


def main():
    print(",GC,GG")
    for day, date in enumerate(DAYS):
        for minute in range(0, 24 * 60, STEP_MINUTES):
            # The middle of the step stands for the whole of it.
            hour = (minute + STEP_MINUTES / 2) / 60
            time = f"{date} {minute // 60:02}:{minute % 60:02}:00"
            print(f"{time},{consumption(day, hour):.3f},{generation(day, hour):.3f}")


if __name__ == "__main__":
    main()
