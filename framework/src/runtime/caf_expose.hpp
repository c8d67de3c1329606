#pragma once

namespace bulkhead::runtime::exposed {

/// Makes a private member of one of CAF's classes usable, the one way to a member without a setter that leaves CAF's headers alone: an
/// explicit instantiation may name it ([temp.spec]/6). `Tag` names the type of the member and declares the friend `member_of(Tag)`,
/// which returns it,
/// both in this namespace.
template <class Tag, typename Tag::type Member>
struct expose {
  friend typename Tag::type member_of(Tag) {
    return Member;
  }
};

} // namespace bulkhead::runtime::exposed
