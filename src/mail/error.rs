//! Why a letter could not be handed over.
