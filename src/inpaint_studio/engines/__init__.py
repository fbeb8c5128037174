"""Everything that turns a crop and a hole into a filled crop: engines, planning, fitting, workers."""
