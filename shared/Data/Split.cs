namespace DistMtl.Data;

/// <summary>What a row is used for.</summary>
public enum Split
{
    Train,
    Validation,
    Test,
}
