"""Denoising, and what is decided for pictures: the job, whole photographs denoised, what that is worth."""
