namespace DistMtl.Faults;

/// <summary>What happens to one parcel on its way.</summary>
/// <param name="At">Which parcel of its direction, from 0.</param>
/// <param name="Place">Where in the parcel, as a part of its length: 0 is before it, anything else inside.</param>
public sealed record WireFault(WireFaultKind Kind, int At, double Place = 0)
{
    /// <summary>Short, so that nothing but a bug makes a deadline of it.</summary>
    public static TimeSpan Pause { get; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Whether it changes time and nothing else.</summary>
    public bool IsHarmless => Kind is WireFaultKind.Delay or WireFaultKind.Stall;
}

public enum WireFaultKind
{
    /// <summary>Comes later, and what follows with it.</summary>
    Delay,

    /// <summary>Comes in two pieces, with a pause between them.</summary>
    Stall,

    /// <summary>Is lost, and what follows is not.</summary>
    Drop,

    /// <summary>Comes twice.</summary>
    Double,

    /// <summary>Comes behind the next one.</summary>
    Swap,

    /// <summary>Comes with one bit changed.</summary>
    Flip,

    /// <summary>From here on nothing comes, and the connection stays open.</summary>
    Silence,

    /// <summary>Both ends are told that the other one has closed the connection (FIN).</summary>
    End,

    /// <summary>Both ends are told that there is no connection any more (RST).</summary>
    Reset,
}
